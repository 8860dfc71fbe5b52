import { toAppError, type AppErrorDetails } from '../domain/errors';
import type { MemoryReport } from '../domain/memory/report';
import { app } from './app.svelte';
import type { ExperimentState } from './experiment.svelte';
import { gateway } from './gateway';
import { Newest } from './newest';

/** Delay after a key before the memory need is computed, because numbers are typed digit by digit. */
const settleMs = 400;

const refusals: ReadonlySet<AppErrorDetails['kind']> = new Set([
  'too-few-pairs',
  'too-few-scored-pairs',
  'scores-unusable',
  'no-negatives',
  'too-few-negatives',
  'negatives-not-mined',
  'guide-missing',
  'teacher-missing',
  'teacher-scores-missing',
  'teacher-scores-too-few',
  'device-wrong',
]);

/** The memory that a run of the experiment on the screen would need. */
export class MemoryState {
  report = $state.raw<MemoryReport | null>(null);
  /** Why there is no report: an experiment that can't run has no memory plan. */
  problem = $state.raw<AppErrorDetails | null>(null);
  progress = $state.raw<{ done: number; of: number } | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #newest = new Newest();

  /**
   * Why a run would be refused. Some reasons are found only here: planning all batches shows if no selection of pairs
   * fills one or if negatives are missing, and only the worker knows the result of the device check.
   */
  readonly refusal = $derived(this.problem && refusals.has(this.problem.kind) ? this.problem : null);

  /**
   * Asks for the memory need after a pause, with the settings at that time. Clears the old problem, which the settings
   * may have solved.
   */
  askSoon(state: ExperimentState): void {
    this.forget();
    this.problem = null;
    this.#timer = setTimeout(() => void this.#ask(state), settleMs);
  }

  forget(): void {
    clearTimeout(this.#timer);
    this.#newest.forget();
  }

  async #ask(state: ExperimentState): Promise<void> {
    try {
      await this.#newest.ask(
        (isNewest) => this.#plan(state, isNewest),
        (planned) => {
          this.progress = null;
          if (!planned) return;
          this.report = planned.report;
          state.planned(planned.key, planned.report);
          this.problem = null;
        },
      );
    } catch (thrown) {
      Object.assign(this, { progress: null, report: null, problem: toAppError(thrown).details });
    }
  }

  /** Returns null if there is no experiment. */
  async #plan(state: ExperimentState, isNewest: () => boolean): Promise<{ key: string; report: MemoryReport } | null> {
    await state.flush();
    if (!state.experiment) return null;
    // Tokenize in the data worker, which reports progress. The GPU worker stays free and later finds the tokens in
    // storage.
    const data = await gateway.data();
    await data.tokenize(state.experiment, (done, of) => {
      if (isNewest()) this.progress = { done, of };
    });
    const key = state.batchesKey;
    const gpu = await gateway.gpu();
    return { key, report: await gpu.planMemory(state.experimentId, app.devicePreference, app.memoryBudget) };
  }
}
