import type { BlendPoint } from '../domain/evaluate/blend';
import { toAppError, type AppErrorDetails } from '../domain/errors';
import type { BlendsToEvaluate } from '../protocol/blends';
import { deviceJob } from './deviceJob.svelte';
import { gateway } from './gateway';

/** The blends of base and tuned weights that this page evaluates, whichever screen is shown. */
class BlendsState {
  /** The run whose blends are being evaluated; null if there is none. */
  working = $state<string | null>(null);
  /** Progress in texts. */
  progress = $state.raw({ done: 0, of: 0 });
  /** Error of the last evaluation of a run's blends. */
  failure = $state.raw<{ runId: string; details: AppErrorDetails } | null>(null);
  /** Counts the evaluations that have ended, so that screens read blends again. */
  changes = $state(0);

  /**
   * Evaluates blends of a run on dev, test or a probe set. Results from before a cancellation or failure are kept.
   */
  async evaluate(runId: string, wanted: BlendsToEvaluate): Promise<void> {
    this.failure = null;
    try {
      await deviceJob.during('blend', async () => {
        this.working = runId;
        this.progress = { done: 0, of: 0 };
        const report = (done: number, of: number): void => void (this.progress = { done, of });
        await (await gateway.gpu()).evaluateBlends(runId, wanted, report);
      });
    } catch (thrown) {
      const { details } = toAppError(thrown);
      if (details.kind !== 'cancelled') this.failure = { runId, details };
    } finally {
      this.working = null;
      this.changes += 1;
    }
  }

  async cancel(): Promise<void> {
    await (await gateway.gpu()).cancelBlends();
  }

  /** Returns the stored results of a run's blends, including both ends. */
  async read(runId: string): Promise<{ dev: BlendPoint[]; test: BlendPoint[] }> {
    return { dev: await gateway.listBlends(runId, 'dev'), test: await gateway.listBlends(runId, 'test') };
  }

  /** Counts the test evaluations of runs' blends, without those before and after training. */
  async countTests(runIds: readonly string[]): Promise<number> {
    let count = 0;
    for (const runId of runIds) {
      const points = await gateway.listBlends(runId, 'test');
      count += points.filter(({ ratio }) => ratio > 0 && ratio < 1).length;
    }
    return count;
  }
}

export const blends = new BlendsState();
