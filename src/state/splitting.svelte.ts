import type { Experiment } from '../domain/experiment';
import type { SplitCounts } from '../protocol/dataApi';
import { services } from './services';

/** The three parts of an experiment's data, counted in the data worker. */
export class SplitState {
  counts = $state.raw<SplitCounts | null>(null);
  #asked = 0;

  async count(experiment: Experiment): Promise<void> {
    const asked = ++this.#asked;
    const counts = await (await services.data()).countSplit(experiment);
    // A newer question may have overtaken this one.
    if (asked === this.#asked) this.counts = counts;
  }
}
