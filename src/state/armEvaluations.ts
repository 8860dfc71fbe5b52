import { armNames } from '../domain/negatives/arms';
import type { ArmEvaluations, ArmRuns } from '../domain/negatives/armRuns';
import { gateway } from './gateway';

/** Reads the dev evaluations of the arms that are done. */
export async function readArmEvaluations(runs: ArmRuns): Promise<ArmEvaluations> {
  const found: ArmEvaluations = { inBatch: null, mined: null, filtered: null };
  for (const name of armNames) {
    const run = runs[name];
    if (run?.status === 'done') found[name] = (await gateway.getEvaluation(run.runId, 'dev', 'after')) ?? null;
  }
  return found;
}
