import type { PairRow } from '../domain/evaluate/pairTable';
import { toAppError, type AppErrorDetails } from '../domain/errors';
import type { ImportReport } from '../protocol/dataApi';
import type { ComparedPairs } from '../protocol/pairsApi';
import { app } from './app.svelte';
import { comparisonOf, type ComparisonState, type ListedCandidate } from './comparison.svelte';
import { gateway } from './gateway';
import { inOwnRoot } from './inOwnRoot.svelte';
import { Newest } from './newest';
import { flushExperiment, openExperiment } from './openExperiments.svelte';

/** What an import of pairs left out and why. */
export type PairsReport = Pick<ImportReport, 'rejected' | 'rejectedCount' | 'ignoredCount' | 'noteCount'>;

/** How well the candidates of a comparison follow the labels of scored pairs. */
export class ComparedPairsState {
  set = $state.raw<ComparedPairs | null>(null);
  /** Whether the pairs were looked for. Until then, `set` says nothing. */
  loaded = $state(false);
  /** Why the pairs can't be read. */
  error = $state.raw<AppErrorDetails | null>(null);
  rows = $state.raw<readonly PairRow[]>([]);
  /** Progress of an import. */
  progress = $state.raw<{ done: number; of: number } | null>(null);
  report = $state.raw<PairsReport | null>(null);
  /** Whether pairs were imported, but the experiment could not be saved with them. */
  notSaved = $state(false);
  readonly #newest = new Newest();
  readonly #newestTable = new Newest();
  readonly #chosen = $derived.by(() =>
    this.comparison.listed.filter(({ id, fused }) => !fused && this.comparison.chosen.has(id)),
  );
  /** Chosen candidates that have scored the pairs, and those that have not. Fused rankings score no pairs. */
  readonly shown = $derived(this.#chosen.filter(({ id }) => this.set?.ids.includes(id)));
  readonly missing = $derived<ListedCandidate[]>(
    this.set ? this.#chosen.filter(({ id }) => !this.set?.ids.includes(id)) : [],
  );
  readonly baselineId = $derived(
    this.shown.find(({ id }) => id === this.comparison.baselineId)?.id ?? this.shown[0]?.id ?? null,
  );

  constructor(readonly comparison: ComparisonState) {}

  /** Reads the pairs and the table. Call whenever the candidates, the baseline or stored scores have changed. */
  async load(): Promise<void> {
    const { experimentId } = this.comparison;
    await this.#newest.ask(
      async () => {
        try {
          // The worker reads the choice of pairs from storage.
          await flushExperiment(experimentId);
          return { set: await (await gateway.data()).comparedPairs(experimentId), error: null };
        } catch (thrown) {
          return { set: null, error: toAppError(thrown).details };
        }
      },
      (found) => {
        const { contentSha256, pairs } = this.set ?? {};
        // The rows are about other pairs.
        if (found.set?.contentSha256 !== contentSha256 || found.set?.pairs !== pairs) this.rows = [];
        Object.assign(this, found, { loaded: true });
      },
    );
  }

  /** Reads the rows of the shown candidates. */
  async readTable(): Promise<void> {
    const { experimentId } = this.comparison;
    const { baselineId } = this;
    const ids = this.shown.map(({ id }) => id);
    await this.#newestTable.ask(
      async () => (baselineId === null ? null : (await gateway.data()).pairTable({ experimentId, ids, baselineId })),
      (table) => {
        this.rows = table?.rows ?? [];
      },
    );
  }

  /** Scores the pairs with the chosen candidates that have not. */
  async measure(): Promise<void> {
    const { experimentId } = this.comparison;
    const candidates = this.missing.map(({ candidate }) => candidate);
    await this.comparison.work('pairs', candidates, (gpu, ...reports) =>
      gpu.scorePairs({ experimentId, candidates }, app.devicePreference, ...reports),
    );
    await this.load();
  }

  /**
   * Imports scored pairs and compares on them from now on. Nothing is trained on them. Does nothing while an earlier
   * import is running.
   */
  async importFiles(files: File[]): Promise<void> {
    if (files.length === 0 || this.progress) return;
    this.progress = { done: 0, of: 0 };
    this.notSaved = false;
    try {
      const data = await gateway.data();
      const progress = (done: number, of: number) => (this.progress = { done, of });
      const { dataset, ...report } = await data.importDataset(files, 'scoredPairs', progress);
      const { experiment } = openExperiment(this.comparison.experimentId);
      // Another tab may have changed it since the screen was left.
      await experiment.load();
      this.notSaved = !(await experiment.compareOnPairs(dataset.contentSha256));
      if (!this.notSaved) this.report = report;
    } finally {
      this.progress = null;
    }
    await this.load();
  }
}

const known = new Map<string, ComparedPairsState>();

/** Returns the scored pairs in an experiment's comparison. The page keeps one, which a running import updates. */
export function comparedPairsOf(experimentId: string): ComparedPairsState {
  const state = known.get(experimentId) ?? inOwnRoot(() => new ComparedPairsState(comparisonOf(experimentId)));
  known.set(experimentId, state);
  return state;
}
