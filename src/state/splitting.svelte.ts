import { toAppError, type AppErrorDetails } from '../domain/errors';
import { canonicalJson } from '../domain/canonicalJson';
import type { Experiment } from '../domain/experiment';
import type { SplitCounts } from '../protocol/dataApi';
import { gateway } from './gateway';

/** Key of everything that the split depends on. */
function keyOf({ seed, data, split, stages }: Experiment): string {
  return canonicalJson([seed, data, split, stages.map((stage) => stage.batching.kind)]);
}

/** The three parts of an experiment's data, counted in the data worker. */
export class SplitState {
  counts = $state.raw<SplitCounts | null>(null);
  /** Why the newest call has no counts. */
  problem = $state.raw<AppErrorDetails | null>(null);
  #countedFor = $state('');
  #asked = '';

  async count(experiment: Experiment): Promise<void> {
    const asked = keyOf(experiment);
    if (asked === this.#asked) return;
    this.#asked = asked;
    try {
      const counts = await (await gateway.data()).countSplit(experiment);
      // A newer call may have replaced this one.
      if (asked !== this.#asked) return;
      this.counts = counts;
      this.problem = null;
      this.#countedFor = asked;
    } catch (thrown) {
      if (asked !== this.#asked) return;
      this.#asked = '';
      this.problem = toAppError(thrown).details;
    }
  }

  /** Returns the counts if they belong to this version of the experiment, else null. */
  countsOf(experiment: Experiment): SplitCounts | null {
    return this.#countedFor === keyOf(experiment) ? this.counts : null;
  }
}
