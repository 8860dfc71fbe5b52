import type { Experiment } from '../domain/experiment';
import { en } from '../ui/i18n/en';
import { stageText } from '../ui/train/stageText';

/** Returns one note for the terminal per stage, or none for a single stage. */
export function stageNotes({ stages }: Experiment): string[] {
  if (stages.length === 1) return [];
  return stages.map((stage, i) => `stage ${i + 1} of ${stages.length}: ${stageText(en, stage)}`);
}
