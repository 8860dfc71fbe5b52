import { canonicalJson } from '../domain/canonicalJson';
import { toAppError, type AppErrorDetails } from '../domain/errors';
import type { TripletFormat } from '../domain/negatives/triplets';
import type { NegativesRow, NegativesView } from '../protocol/negativesView';
import type { ExperimentState } from './experiment.svelte';
import { gateway } from './gateway';
import { saveFile } from './saveFile';
import { Newest } from './newest';

export const rowsPerPage = 10;

/** The screen's data on a stage's explicit negatives, read in the data worker. */
export class NegativesViewState {
  view = $state.raw<NegativesView | null>(null);
  page = $state.raw<{ index: number; rows: NegativesRow[] } | null>(null);
  /** Whether the stage's negatives are still to be mined. */
  toMine = $state(false);
  problem = $state.raw<AppErrorDetails | null>(null);
  #asked = '';
  readonly #newestPage = new Newest();
  #stage = 0;

  /** Reads the negatives again if settings, data or `mined` have changed. */
  async load(state: ExperimentState, mined: number): Promise<void> {
    const { experiment, stageIndex, batchesKey } = state;
    const asked = canonicalJson([batchesKey, stageIndex, mined]);
    if (!experiment || asked === this.#asked) return;
    this.#asked = asked;
    if (stageIndex !== this.#stage) Object.assign(this, { view: null, page: null, toMine: false, problem: null });
    this.#stage = stageIndex;
    try {
      const data = await gateway.data();
      const view = await data.viewNegatives(experiment, stageIndex);
      const index = Math.min(this.page?.index ?? 0, Math.max(0, Math.ceil(view.pairs / rowsPerPage) - 1));
      const rows = await data.listNegatives(experiment, stageIndex, { first: index * rowsPerPage, count: rowsPerPage });
      if (asked !== this.#asked) return;
      Object.assign(this, { view, page: { index, rows }, toMine: false, problem: null });
      if (view.from === 'mined') state.minedFor = batchesKey;
    } catch (thrown) {
      if (asked !== this.#asked) return;
      const { details } = toAppError(thrown);
      const toMine = details.kind === 'negatives-not-mined';
      Object.assign(this, { view: null, page: null, toMine, problem: toMine ? null : details });
    }
  }

  async turnTo(index: number, { experiment, stageIndex }: ExperimentState): Promise<void> {
    if (!experiment) return;
    const asked = this.#asked;
    const range = { first: index * rowsPerPage, count: rowsPerPage };
    await this.#newestPage.ask(
      async () => (await gateway.data()).listNegatives(experiment, stageIndex, range),
      (rows) => {
        if (asked === this.#asked) this.page = { index, rows };
      },
    );
  }

  async export(format: TripletFormat, { experiment, stageIndex }: ExperimentState): Promise<void> {
    if (!experiment) return;
    saveFile(await (await gateway.data()).exportTriplets(experiment, stageIndex, format), `triplets.${format}`);
  }
}
