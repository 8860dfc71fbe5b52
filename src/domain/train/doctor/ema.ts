import { pairsPerStep } from '../batchingSchema';
import { stepCount } from '../stepCount';
import type { Check, Finding } from './finding';
import { perStage, trainRowCount } from './perStage';

/**
 * Share of the average that may still come from the weights before the stage. Chosen, not measured: a tenth of the base
 * model hardly shows in the results.
 */
const tolerated = 0.1;
/** The average that a fix proposes spans a tenth of the stage's steps. */
const spansOfStage = 10;

/**
 * Finds an average of the weights that changes so slowly that much of it still comes from the stage's initial weights.
 */
export const emaFindings: Check = (experiment, { split }) =>
  perStage(experiment, (of, stage): Finding[] => {
    const { ema, batching, duration } = of;
    const pairs = split ? trainRowCount(of, split) : 0;
    if (!ema || batching.kind !== 'seeded' || pairs < batching.batchSize) return [];
    const steps = stepCount(pairs, pairsPerStep(batching), duration);
    const initial = ema.decay ** steps;
    if (initial <= tolerated) return [];
    const value = Number(Math.max(0.5, 1 - spansOfStage / steps).toPrecision(3));
    // A stage of only a few steps has no average worth proposing.
    const fix = value ** steps <= tolerated ? { fix: { setting: 'emaDecay' as const, value } } : {};
    return [{ kind: 'emaTooSlow', severity: 'warns', stage, facts: { decay: ema.decay, steps, initial }, ...fix }];
  });
