import type { MeasuredModel } from '../../domain/evaluate/speed';
import type { Language } from '../../domain/language';
import type { MeasurableOption } from '../../state/speed.svelte';
import { candidateLabel, type CandidateLabel } from '../compare/candidateLabel';
import type { Dictionary } from '../i18n/dictionary';

/** A measured model with its name and a few words on its weights. */
export type LabelledModel = MeasuredModel & CandidateLabel;

/** Returns the label of a measured model, which may have been deleted since. */
export function measuredLabel(
  dictionary: Dictionary,
  { id, candidate, name }: MeasuredModel,
  option: MeasurableOption | undefined,
  language: Language,
): CandidateLabel {
  if (!option) return { name, detail: dictionary.speed.gone };
  return candidateLabel(dictionary, { id, candidate, option, fused: false }, language);
}
