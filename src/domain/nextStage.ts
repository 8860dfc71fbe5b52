import type { InputName } from './import/inputs';
import type { SlotName } from './import/slots';
import type { StageName } from './pipeline';

interface NextStage {
  stage: Extract<StageName, 'negatives' | 'split' | 'tokenize' | 'train' | 'report'>;
  /** Missing inputs that the next stage cannot do without; empty if it can be opened. */
  missing: InputName[];
}

/** The parts of an experiment's state that decide which stage comes next. */
interface ExperimentProgress {
  missingSlots: readonly SlotName[];
  hasModel: boolean;
  hasResult: boolean;
}

/**
 * Returns the stage that the button at the end of a stage's screen leads to, or null if there is no such button: while
 * the screen only asks for missing inputs, on Train, which has its own buttons, and on the last stage.
 */
export function nextStage(
  stage: StageName,
  { missingSlots, hasModel, hasResult }: ExperimentProgress,
): NextStage | null {
  const missing: InputName[] = hasModel ? [...missingSlots] : [...missingSlots, 'model'];
  switch (stage) {
    case 'import':
      return { stage: 'negatives', missing };
    case 'negatives':
      return missingSlots.length > 0 ? null : { stage: 'split', missing };
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
