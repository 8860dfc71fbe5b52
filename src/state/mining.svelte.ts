import { toAppError, type AppErrorDetails } from '../domain/errors';
import { app } from './app.svelte';
import { deviceJob } from './deviceJob.svelte';
import type { ExperimentState } from './experiment.svelte';
import { gateway } from './gateway';

/** Mining of negatives, at most once at a time per page. */
class MiningState {
  /** Progress in texts and questions; null while nothing is being mined. */
  progress = $state.raw<{ done: number; of: number } | null>(null);
  error = $state.raw<AppErrorDetails | null>(null);
  /** Number of times that mining has ended in this page. The memory plan is made again after each. */
  ended = $state(0);

  async start(experiment: ExperimentState): Promise<void> {
    this.error = null;
    this.progress = { done: 0, of: 0 };
    try {
      if (!(await experiment.flush())) return;
      await deviceJob.during('mine', async () =>
        (await gateway.gpu()).mineNegatives(experiment.experimentId, app.devicePreference, (done, of) => {
          if (this.progress) this.progress = { done, of };
        }),
      );
    } catch (thrown) {
      const { details } = toAppError(thrown);
      if (details.kind !== 'cancelled') this.error = details;
    } finally {
      this.progress = null;
      this.ended += 1;
    }
  }

  async cancel(): Promise<void> {
    await (await gateway.gpu()).cancelMining();
  }
}

export const mining = new MiningState();
