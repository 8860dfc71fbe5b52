import type { AnswerAt } from '../../domain/evaluate/answerAt';
import { forgettingOf, probeInterval } from '../../domain/evaluate/probe';
import type { Dictionary } from '../i18n/dictionary';
import { formatFigure, formatSigned } from '../i18n/format';

/** Names a probe set in a sentence: the shipped one, or questions of an experiment by its name. */
export function setName(t: Dictionary['probe'], name: string | null): string {
  return name === null ? t.generalSet : t.ofExperiment(name);
}

/** Returns the title of results on a probe set. */
export function probeTitle(t: Dictionary['probe'], name: string | null): string {
  return name === null ? t.title : t.titleOf(name);
}

/** Says whether the tuned model forgot what the base model could do, as far as a probe set can tell. */
export function probeSentence(t: Dictionary['probe'], answer: AnswerAt): string {
  const interval = probeInterval(answer);
  const [low, high] = [interval.low * 100, interval.high * 100];
  const kind = forgettingOf(answer);
  if (kind !== 'kept') return t.sentence[kind](formatSigned(low), formatSigned(high));
  return low > 0 ? t.keptNothing : t.sentence.kept(formatFigure(Math.ceil(-low * 10) / 10));
}
