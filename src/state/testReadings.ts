import type { RunRecord } from '../domain/run';
import { blends } from './blends.svelte';
import { gateway } from './gateway';

/** Counts the test evaluations that a run has finished: one before training, one after. */
export function readingsOf(run: Pick<RunRecord, 'status' | 'phase'>): number {
  if (run.status === 'done') return 2;
  return run.phase === 'train' || run.phase === 'evaluateAfter' ? 1 : 0;
}

/** Returns how often an experiment's test questions have been used: by its runs, their blends, and comparisons. */
export async function countTestReadings(experimentId: string, runs: readonly RunRecord[]): Promise<number> {
  const compared = await gateway.countTestComparisons(experimentId);
  const ofBlends = await blends.countTests(runs.map(({ runId }) => runId));
  return runs.reduce((sum, run) => sum + readingsOf(run), compared + ofBlends);
}
