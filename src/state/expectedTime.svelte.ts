import type { BenchmarkResult } from '../domain/benchmark/benchmark';
import { expectedMs } from '../domain/benchmark/expectedTime';
import type { ExpectedWork } from '../domain/benchmark/expectedWork';
import { toAppError, type AppErrorDetails } from '../domain/errors';
import { lacksInput } from '../domain/import/inputs';
import { app } from './app.svelte';
import { gateway } from './gateway';
import { Newest } from './newest';
import type { StoredExperiment } from './experiments.svelte';

/** How long an experiment would take on the measured device. */
export class ExpectedTimeState {
  experiment = $state.raw<StoredExperiment | null>(null);
  work = $state.raw<ExpectedWork | null>(null);
  /** Why the experiment can't be run. */
  problem = $state.raw<AppErrorDetails | null>(null);
  readonly #newest = new Newest();

  /** Returns the expected milliseconds, or null if no step was measured or the experiment's work is not known yet. */
  msBy({ steps }: BenchmarkResult): number | null {
    return this.work && expectedMs(this.work, steps);
  }

  /** Determines how much work an experiment takes. An answer that arrives after a newer call is dropped. */
  async ask(experiment: StoredExperiment | null): Promise<void> {
    this.experiment = experiment;
    this.work = null;
    this.problem = null;
    if (!experiment) {
      this.#newest.forget();
      return;
    }
    try {
      await this.#newest.ask(
        () => workOf(experiment),
        (work) => (this.work = work),
      );
    } catch (thrown) {
      const { details } = toAppError(thrown);
      this.problem = details;
      // An experiment that can't be run has no expected time; that is not an error of the page.
      if (!lacksInput(details) && details.kind !== 'memory-too-small') throw thrown;
    }
  }
}

async function workOf({ experimentId, experiment }: StoredExperiment): Promise<ExpectedWork> {
  // Tokenize in the data worker, so that the GPU worker stays free and later finds the tokens in storage.
  await (await gateway.data()).tokenize(experiment, () => undefined);
  return (await gateway.gpu()).expectedWork(experimentId, app.devicePreference, app.memoryBudget);
}
