import { pairsPerStep } from '../batchingSchema';
import { stepCount } from '../stepCount';
import type { Check, Finding } from './finding';
import { perStage, trainRowCount } from './perStage';
import { dataSize, mostEpochs, recommendedSettings } from './recommended';

/**
 * Steps that need no advice. AdamW moves a weight by at most about the learning rate per step, so a run of fewer steps
 * hardly leaves the base model. Chosen, not measured: 20 batches per epoch, for 2 epochs.
 */
const enoughSteps = 40;

/** Examines whether each stage is too short to learn, or so long that it memorises its pairs. */
export const durationFindings: Check = (experiment, { split }) =>
  perStage(experiment, (of, stage): Finding[] => {
    const { batching, duration } = of;
    const pairs = split ? trainRowCount(of, split) : 0;
    if (batching.kind !== 'seeded' || pairs < batching.batchSize) return [];
    const perStep = pairsPerStep(batching);
    const steps = stepCount(pairs, perStep, duration);
    const epochs = duration.unit === 'epochs' ? duration.value : (steps * perStep) / pairs;
    const most = mostEpochs[dataSize(pairs)];
    const needed = Math.min(most, Math.ceil((enoughSteps * perStep) / pairs));
    if (epochs > most) {
      // If the best checkpoint on dev is kept, surplus steps cost only time.
      const kept = experiment.evaluation.checkpoint === 'bestDev' && (split?.dev ?? 0) > 0;
      const facts = { epochs, most, pairs };
      const value = Math.max(needed, recommendedSettings(0, pairs, 'full').epochs);
      const severity = kept ? 'advises' : 'warns';
      return [{ kind: 'manyEpochs', severity, stage, facts, fix: { setting: 'epochs', value } }];
    }
    if (steps >= enoughSteps || epochs >= needed) return [];
    const facts = { steps, enough: enoughSteps, pairs };
    return [{ kind: 'fewSteps', severity: 'advises', stage, facts, fix: { setting: 'epochs', value: needed } }];
  });
