import type { Sweep } from '../domain/sweep/sweep';
import { app } from './app.svelte';
import { deviceJob } from './deviceJob.svelte';
import { gateway } from './gateway';
import { jobs } from './jobs.svelte';
import { readSweep, workThrough, type SweepRun } from './sweepQueue';

export type { SweepRun };
export { isSettled } from './sweepQueue';

/** The sweep that this page is executing, whichever screen is shown. It can be resumed after a reload. */
class SweepsState {
  /** Id of the sweep; null if the page is executing none. */
  working = $state<string | null>(null);
  /** Whether to stop before the next run. */
  stopping = $state(false);

  read(experimentId: string, sweep: Sweep): Promise<SweepRun[]> {
    return readSweep(experimentId, sweep);
  }

  /** Executes the runs of a sweep that are not done yet. Reports failures. */
  async work(experimentId: string, sweep: Sweep): Promise<void> {
    if (this.working !== null) return;
    this.working = sweep.sweepId;
    this.stopping = false;
    try {
      await app.attempt(() =>
        workThrough(experimentId, sweep, {
          mine: ({ experiment }) =>
            deviceJob.during('mine', async () =>
              (await gateway.gpu()).mineNegatives(experimentId, app.devicePreference, () => undefined, [experiment]),
            ),
          create: ({ experiment }) => jobs.createTrial(experimentId, experiment, sweep.sweepId),
          run: async (runId) => void (await jobs.runToEnd(runId)),
          stopped: () => this.stopping,
        }),
      );
    } finally {
      this.working = null;
      this.stopping = false;
    }
  }
}

export const sweeps = new SweepsState();
