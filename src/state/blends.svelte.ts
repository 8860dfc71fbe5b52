import type { BlendPoint } from '../domain/evaluate/blend';
import { toAppError, type AppErrorDetails } from '../domain/errors';
import type { BlendsToEvaluate } from '../protocol/blends';
import { deviceJob } from './deviceJob.svelte';
import { gateway } from './gateway';

/** Which panel an evaluation was started from. */
type Panel = 'blend' | 'probe';

/** The blends of base and tuned weights that this page evaluates, whichever screen is shown. */
class BlendsState {
  /** The run whose blends are being evaluated; null if there is none. */
  working = $state<string | null>(null);
  /** Where it was started from. */
  panel = $state<Panel>('blend');
  /** Progress in texts. */
  progress = $state.raw({ done: 0, of: 0 });
  /** Error of the last evaluation of a run's blends. */
  failure = $state.raw<{ runId: string; panel: Panel; details: AppErrorDetails } | null>(null);
  /** Counts the evaluations that have ended, so that screens read blends again. */
  changes = $state(0);

  /**
   * Evaluates blends of a run on dev, test or a probe set. Results from before a cancellation or failure are kept.
   * Progress and failure belong to the panel that started it.
   */
  async evaluate(runId: string, wanted: BlendsToEvaluate, panel: Panel = 'blend'): Promise<void> {
    this.failure = null;
    try {
      await deviceJob.during('blend', async () => {
        this.working = runId;
        this.panel = panel;
        this.progress = { done: 0, of: 0 };
        const report = (done: number, of: number): void => void (this.progress = { done, of });
        await (await gateway.gpu()).evaluateBlends(runId, wanted, report);
      });
    } catch (thrown) {
      const { details } = toAppError(thrown);
      if (details.kind !== 'cancelled') this.failure = { runId, panel, details };
    } finally {
      this.working = null;
      this.changes += 1;
    }
  }

  isWorking(runId: string, panel: Panel): boolean {
    return this.working === runId && this.panel === panel;
  }

  /** Returns the error of the last evaluation if it was of a run and started from a panel. */
  failureOf(runId: string, panel: Panel): AppErrorDetails | null {
    return this.failure?.runId === runId && this.failure.panel === panel ? this.failure.details : null;
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
