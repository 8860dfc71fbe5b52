import type { Candidate } from '../../domain/evaluate/candidate';
import type { MeasuredModel } from '../../domain/evaluate/speed';
import type { Language } from '../../domain/language';
import type { MeasurableOption } from '../../state/speed.svelte';
import { candidateLabel, type CandidateLabel } from '../compare/candidateLabel';
import type { Dictionary } from '../i18n/dictionary';

/** A measured model with its name and a few words on its weights. */
export type LabelledModel = MeasuredModel & CandidateLabel;

/** Returns the label of a measured model, which may have been deleted or got other settings since. */
export function measuredLabel(
  dictionary: Dictionary,
  { id, candidate, name }: MeasuredModel,
  options: readonly MeasurableOption[],
  language: Language,
): CandidateLabel {
  const option = options.find((one) => one.id === id);
  if (!option) {
    const isStored = options.some((one) => hasSameWeights(one.candidate, candidate));
    return { name, detail: isStored ? dictionary.speed.otherSettings : dictionary.speed.gone };
  }
  return candidateLabel(dictionary, { id, candidate, option, fused: false }, language);
}

/** Whether both are the same base model, maybe with different settings. */
function hasSameWeights(a: Candidate, b: Candidate): boolean {
  return a.kind === 'base' && b.kind === 'base' && a.model.contentSha256 === b.model.contentSha256;
}
