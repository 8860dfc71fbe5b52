import type { Experiment } from '../domain/experiment';
import { en } from '../ui/i18n/en';
import { stageText } from '../ui/train/stageText';

/** Returns a note for the terminal on each stage. Returns none if there is only one. */
export function stageNotes({ stages }: Experiment): string[] {
  if (stages.length === 1) return [];
  return stages.map((stage, i) => `stage ${i + 1} of ${stages.length}: ${stageText(en, stage)}`);
}
