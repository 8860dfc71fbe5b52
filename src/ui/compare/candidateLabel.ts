import type { Language } from '../../domain/language';
import type { ListedCandidate } from '../../state/comparison.svelte';
import type { Dictionary } from '../i18n/dictionary';
import { formatDate } from '../i18n/format';

/** A candidate's name and a short description of its weights. */
export interface CandidateLabel {
  name: string;
  detail: string;
}

/**
 * Returns the candidate's name. If another of the `shown` ones has the same name, adds the number that the table and
 * the charts give it.
 */
export function distinctName(
  dictionary: Dictionary,
  one: ListedCandidate,
  shown: readonly ListedCandidate[],
  language: Language,
): string {
  const nameOf = (candidate: ListedCandidate): string => candidateLabel(dictionary, candidate, language).name;
  const name = nameOf(one);
  const place = shown.findIndex(({ id }) => id === one.id);
  const shared = shown.some((other) => other.id !== one.id && nameOf(other) === name);
  return shared && place >= 0 ? dictionary.compare.numbered(name, place + 1) : name;
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
  if (option.candidate.kind === 'onnx') return { name: shown, detail: t.onnx.detail };
  if (!run) return { name: shown, detail: ownBase ? t.ownBase : t.untrained };
  const parts = [
    t.trained(formatDate(run.createdAt, language), run.step, run.steps),
    ...(run.ratio === undefined ? [] : [t.blend.of(String(run.ratio))]),
    run.best ? t.bestStep : t.lastStep,
    ...(run.experiment === null ? [] : [t.ofExperiment(run.experiment)]),
  ];
  return { name: shown, detail: parts.join(dictionary.common.listComma) };
}
