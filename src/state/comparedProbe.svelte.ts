import type { ProbedModel } from '../domain/evaluate/comparedProbe';
import type { ProbeFacts } from '../domain/evaluate/probe';
import { toAppError, type AppErrorDetails } from '../domain/errors';
import { app } from './app.svelte';
import type { ComparisonState } from './comparison.svelte';
import { gateway } from './gateway';
import { Newest } from './newest';

/** How the candidates of a comparison answer the shipped probe set: the column of general ability. */
export class ComparedProbeState {
  facts = $state.raw<ProbeFacts | null>(null);
  error = $state.raw<AppErrorDetails | null>(null);
  readonly #set = { kind: 'general' } as const;
  #models = $state.raw<readonly ProbedModel[]>([]);
  readonly #newest = new Newest();
  readonly byId = $derived(new Map(this.#models.map((model) => [model.id, model])));
  /** Candidates in the table that were not measured. */
  readonly missing = $derived.by(() => this.comparison.shown.filter(({ id }) => !this.byId.has(id)));

  constructor(readonly comparison: ComparisonState) {}

  /** Reads stored results. Call whenever they, the baseline or the cut-off have changed. */
  async load(): Promise<void> {
    const { experimentId, baselineId, k } = this.comparison;
    const request = { experimentId, probe: this.#set, k, baselineId: baselineId ?? '' };
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
      },
    );
  }

  /** Measures the candidates in the table that were not. */
  async measure(): Promise<void> {
    const { experimentId } = this.comparison;
    const candidates = this.missing.map(({ candidate }) => candidate);
    await this.comparison.work(candidates, (gpu, ...reports) =>
      gpu.compareModels(
        { experimentId, part: 'probe', probe: this.#set, candidates },
        app.devicePreference,
        ...reports,
      ),
    );
    await this.load();
  }
}
