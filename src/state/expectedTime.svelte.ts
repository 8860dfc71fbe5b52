import { expectedMs, type BenchmarkResult, type ExpectedWork } from '../domain/benchmark/benchmark';
import { toAppError, type AppErrorDetails } from '../domain/errors';
import { app } from './app.svelte';
import { gateway } from './gateway';
import type { StoredExperiment } from './experiments.svelte';

/** The experiment is not filled in yet. */
export function lacksInput({ kind }: AppErrorDetails): boolean {
  return kind === 'model-missing' || kind === 'data-missing' || kind === 'too-few-pairs';
}

/** How long an experiment will take on the device as it was measured. */
export class ExpectedTimeState {
  experiment = $state.raw<StoredExperiment | null>(null);
  work = $state.raw<ExpectedWork | null>(null);
  /** Why the experiment cannot be run. */
  problem = $state.raw<AppErrorDetails | null>(null);
  #asked = 0;

  /** Null where no step was measured, or nothing is known of the experiment. */
  msBy({ steps }: BenchmarkResult): number | null {
    return this.work && expectedMs(this.work, steps);
  }

  /** Only what was asked for last is shown. */
  async ask(experiment: StoredExperiment | null): Promise<void> {
    const question = ++this.#asked;
    this.experiment = experiment;
    this.work = null;
    this.problem = null;
    if (!experiment) return;
    try {
      const work = await workOf(experiment);
      if (question === this.#asked) this.work = work;
    } catch (thrown) {
      if (question !== this.#asked) return;
      const { details } = toAppError(thrown);
      this.problem = details;
      // What cannot be run as it stands has no expected time, and that is no failure of the page.
      if (!lacksInput(details) && details.kind !== 'memory-too-small') throw thrown;
    }
  }
}

async function workOf({ experimentId, experiment }: StoredExperiment): Promise<ExpectedWork> {
  // Texts become tokens in the data worker, so that the GPU worker stays free; it then finds them stored.
  await (await gateway.data()).tokenize(experiment, () => undefined);
  return (await gateway.gpu()).expectedWork(experimentId, app.devicePreference, app.memoryBudget);
}
