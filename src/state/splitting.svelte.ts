import { toAppError, type AppErrorDetails } from '../domain/errors';
import { canonicalJson } from '../domain/canonicalJson';
import type { Experiment } from '../domain/experiment';
import type { SplitCounts } from '../protocol/dataApi';
import { gateway } from './gateway';
import { Newest } from './newest';

/** Key of everything that the split depends on. */
export function splitKey({ seed, data, split, model, stages }: Experiment): string {
  // The model's tokenizer decides whether texts that differ in case are one question.
  const modelSha256 = model?.contentSha256 ?? null;
  return canonicalJson([
    seed,
    data,
    split,
    modelSha256,
    stages.map(({ batching, data }) => (data ? `${batching.kind} ${data}` : batching.kind)),
  ]);
}

/** The three parts of an experiment's data, counted in the data worker. */
export class SplitState {
  counts = $state.raw<SplitCounts | null>(null);
  /** Share of the training pairs already searched for near-duplicates; null while no count is running. */
  searched = $state<number | null>(null);
  /** Why the last call returned no counts. */
  problem = $state.raw<AppErrorDetails | null>(null);
  #countedFor = $state('');
  #asked = '';
  readonly #newest = new Newest();

  async count(experiment: Experiment): Promise<void> {
    const asked = splitKey(experiment);
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.searched = 0;
    try {
      await this.#newest.ask(
        async (isNewest) =>
          (await gateway.data()).countSplit(experiment, (done, of) => {
            if (isNewest() && this.searched !== null) this.searched = done / Math.max(1, of);
          }),
        (counts) => {
          this.#countedFor = asked;
          Object.assign(this, { counts, problem: null, searched: null });
        },
      );
    } catch (thrown) {
      this.#asked = '';
      this.searched = null;
      this.problem = toAppError(thrown).details;
    }
  }

  /** Returns the counts if they belong to this version of the experiment, else null. */
  countsOf(experiment: Experiment): SplitCounts | null {
    return this.#countedFor === splitKey(experiment) ? this.counts : null;
  }
}
