import type { ProbedModel } from '../domain/evaluate/comparedProbe';
import type { ProbeFacts } from '../domain/evaluate/probe';
import { toAppError, type AppErrorDetails } from '../domain/errors';
import { app } from './app.svelte';
import { comparisonOf, type ComparisonState } from './comparison.svelte';
import { gateway } from './gateway';
import { inOwnRoot } from './inOwnRoot.svelte';
import { Newest } from './newest';

/** How the candidates of a comparison answer the shipped probe set: the column of general ability. */
export class ComparedProbeState {
  facts = $state.raw<ProbeFacts | null>(null);
  error = $state.raw<AppErrorDetails | null>(null);
  readonly #set = { kind: 'general' } as const;
  #models = $state.raw<readonly ProbedModel[]>([]);
  /** Ids that the last answer is about. */
  #asked = $state.raw<ReadonlySet<string>>(new Set());
  readonly #newest = new Newest();
  readonly byId = $derived(new Map(this.#models.map((model) => [model.id, model])));
  /** Candidates in the table that were not measured. */
  readonly missing = $derived.by(() =>
    this.comparison.shown.filter(({ id }) => this.#asked.has(id) && !this.byId.has(id)),
  );

  constructor(readonly comparison: ComparisonState) {}

  /** Reads stored results. Call whenever they, the shown candidates, the baseline or the cut-off have changed. */
  async load(): Promise<void> {
    const { experimentId, baselineId, k } = this.comparison;
    const ids = this.comparison.shown.map(({ id }) => id);
    const request = { experimentId, probe: this.#set, ids, k, baselineId: baselineId ?? '' };
    await this.#newest.ask(
      async () => {
        try {
          const { facts, models } = await (await gateway.data()).comparedProbe(request);
          return { facts, models, error: null };
        } catch (thrown) {
          return { facts: null, models: [], error: toAppError(thrown).details };
        }
      },
      ({ facts, models, error }) => {
        Object.assign(this, { facts, error });
        this.#models = models;
        this.#asked = new Set(ids);
      },
    );
  }

  /** Measures the candidates in the table that were not. */
  async measure(): Promise<void> {
    const { experimentId } = this.comparison;
    const candidates = this.missing.map(({ candidate }) => candidate);
    await this.comparison.work('probe', candidates, (gpu, ...reports) =>
      gpu.compareModels(
        { experimentId, part: 'probe', probe: this.#set, candidates },
        app.devicePreference,
        ...reports,
      ),
    );
    await this.load();
  }
}

const known = new Map<string, ComparedProbeState>();

/** Returns the general ability in an experiment's comparison. The page keeps one, which a running job updates. */
export function comparedProbeOf(experimentId: string): ComparedProbeState {
  const state = known.get(experimentId) ?? inOwnRoot(() => new ComparedProbeState(comparisonOf(experimentId)));
  known.set(experimentId, state);
  return state;
}
