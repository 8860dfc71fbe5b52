import { toAppError, type AppErrorDetails } from '../domain/errors';
import type { MemoryReport } from '../domain/memory/report';
import { app } from './app.svelte';
import type { ExperimentState } from './experiment.svelte';
import { gateway } from './gateway';

/** Settings are typed digit by digit; what they need is asked for when they have stood still for so long. */
const settleMs = 400;

/** What a run of the experiment on the screen would need. */
export class MemoryState {
  report = $state.raw<MemoryReport | null>(null);
  /** Why there is none: what cannot run has no plan. */
  problem = $state.raw<AppErrorDetails | null>(null);
  progress = $state.raw<{ done: number; of: number } | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  /** Asks soon, and only for what stands then. */
  askSoon(state: ExperimentState): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(state), settleMs);
  }

  forget(): void {
    clearTimeout(this.#timer);
    this.#asked += 1;
  }

  async #ask(state: ExperimentState): Promise<void> {
    const question = ++this.#asked;
    const current = (): boolean => question === this.#asked;
    try {
      await state.flush();
      if (!state.experiment) return;
      // Texts become tokens in the data worker, which tells how far it is; the GPU worker then finds them stored.
      const data = await gateway.data();
      await data.tokenize(state.experiment, (done, of) => {
        if (current()) this.progress = { done, of };
      });
      const gpu = await gateway.gpu();
      const report = await gpu.planMemory(state.experimentId, app.devicePreference, app.memoryBudget);
      if (!current()) return;
      this.report = report;
      this.problem = null;
    } catch (thrown) {
      if (!current()) return;
      this.report = null;
      this.problem = toAppError(thrown).details;
    } finally {
      if (current()) this.progress = null;
    }
  }
}
