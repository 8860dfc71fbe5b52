import type { Language } from '../../domain/language';
import type { ListedCandidate } from '../../state/comparison.svelte';
import type { Dictionary } from '../i18n/dictionary';
import { formatDate } from '../i18n/format';

/** A candidate's name and a short description of its weights. */
export interface CandidateLabel {
  name: string;
  detail: string;
}

export function candidateLabel(
  dictionary: Dictionary,
  { option, fused }: ListedCandidate,
  language: Language,
): CandidateLabel {
  const t = dictionary.compare;
  const { name, run, ownBase } = option;
  if (option.candidate.kind === 'keywords') return { name: t.keywords, detail: t.keywordsDetail };
  const shown = fused ? t.fused(name) : name;
  if (!run) return { name: shown, detail: ownBase ? t.ownBase : t.untrained };
  const parts = [
    t.trained(formatDate(run.createdAt, language), run.step, run.steps),
    run.best ? t.bestStep : t.lastStep,
    ...(run.experiment === null ? [] : [t.ofExperiment(run.experiment)]),
  ];
  return { name: shown, detail: parts.join(dictionary.common.listComma) };
}
