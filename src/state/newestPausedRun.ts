import type { RunRecord } from '../domain/run';
import { gateway } from './gateway';

/** Returns the paused run that was started last, or null if none is paused. Leaves out deleted experiments. */
export async function newestPausedRun(): Promise<RunRecord | null> {
  let newest: RunRecord | null = null;
  for (const { experimentId } of await gateway.listExperiments())
    for (const run of await gateway.listRuns(experimentId))
      if (run.status === 'paused' && run.createdAt > (newest?.createdAt ?? 0)) newest = run;
  return newest;
}
