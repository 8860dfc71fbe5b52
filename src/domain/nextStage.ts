import type { InputName } from './import/inputs';
import type { SlotName } from './import/slots';
import type { StageName } from './pipeline';

export interface NextStage {
  stage: Extract<StageName, 'split' | 'tokenize' | 'train' | 'report'>;
  /** Inputs without which the next stage has nothing to do; empty if it can be opened. */
  missing: InputName[];
}

/** The state of an experiment, as far as the way to the next stage depends on it. */
export interface ExperimentProgress {
  missingSlots: readonly SlotName[];
  hasModel: boolean;
  hasResult: boolean;
}

/**
 * Returns where the button at the end of a stage leads. Returns null for a stage that has no such button: one whose
 * screen only asks for its own inputs, Train, which ends in its own buttons, and the last one.
 */
export function nextStage(
  stage: StageName,
  { missingSlots, hasModel, hasResult }: ExperimentProgress,
): NextStage | null {
  const missing: InputName[] = hasModel ? [...missingSlots] : [...missingSlots, 'model'];
  switch (stage) {
    case 'import':
      return { stage: 'split', missing };
    case 'split':
      return missingSlots.length > 0 ? null : { stage: 'tokenize', missing };
    case 'tokenize':
      return missing.length > 0 ? null : { stage: 'train', missing };
    case 'evaluate':
      return hasResult ? { stage: 'report', missing: [] } : null;
    case 'train':
    case 'report':
      return null;
    default:
      return stage satisfies never;
  }
}
