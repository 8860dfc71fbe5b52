import type { Finding, FindingKind, FindingOf, Fix } from '../../domain/train/doctor/finding';
import type { Dictionary } from '../i18n/dictionary';
import type { FixWords } from '../i18n/doctorWords';

/** Returns the sentence that states a finding, with its stage if the experiment has several, and the reason. */
export function findingText(t: Dictionary, finding: Finding, stages: number): { title: string; why: string } {
  const { title, why } = wordsOf(t, finding);
  const { stage } = finding;
  return { title: stage === undefined || stages < 2 ? title : t.doctor.ofStage(stage + 1, title), why };
}

function wordsOf<Kind extends FindingKind>(
  t: Dictionary,
  { kind, facts }: FindingOf<Kind>,
): { title: string; why: string } {
  const words = t.doctor.findings[kind];
  return { title: words.title(facts), why: words.why(facts) };
}

/** Returns the label of the button that applies a fix. */
export function fixText(t: Dictionary, fix: Fix): string {
  const words = t.doctor.fixes as Record<Fix['setting'], (fix: never) => string>;
  return (words[fix.setting] as FixWords[Fix['setting']])(fix as never);
}
