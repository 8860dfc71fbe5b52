import type { AnswerAt } from '../domain/evaluate/answerAt';
import type { BlendPoint } from '../domain/evaluate/blend';
import { forgettingOf, sharesData, type NamedProbe, type ProbeFacts, type ProbeSet } from '../domain/evaluate/probe';
import { toAppError, type AppErrorDetails } from '../domain/errors';
import type { Experiment } from '../domain/experiment';
import { entryOf } from '../domain/import/slots';
import { blends } from './blends.svelte';
import { gateway } from './gateway';
import { Newest } from './newest';

/** A probe set to choose: the shipped one, or questions of another experiment by its name. */
export interface ProbeOption {
  id: string;
  set: ProbeSet;
  name: string | null;
}

type Data = Experiment['data'];
interface ProbedRun {
  runId: string;
  experimentId: string;
  /** The data that the run was trained and evaluated on. */
  data: Data;
}

const general: ProbeOption = { id: 'general', set: { kind: 'general' }, name: null };

/** How a run's base model and its tuned weights answer a probe set, and the blends of both. */
export class ProbeState {
  options = $state.raw<readonly ProbeOption[]>([general]);
  chosen = $state.raw<ProbeOption>(general);
  facts = $state.raw<ProbeFacts | null>(null);
  /** Why the chosen set can't be read. */
  error = $state.raw<AppErrorDetails | null>(null);
  /** Results on the chosen set, by ratio: 0 is the base model, 1 the tuned one. */
  points = $state.raw<readonly BlendPoint[]>([]);
  /** The tuned weights compared with the base model; null until both are measured. */
  answer = $state.raw<AnswerAt | null>(null);
  readonly forgetting = $derived(this.answer && forgettingOf(this.answer));
  readonly #newest = new Newest();
  /** What the chosen set holds. It is asked for again after another choice, `load`, and a measurement. */
  #described: Promise<ProbeFacts> | null = null;

  constructor(readonly run: ProbedRun) {}

  /** Reads the sets that can be chosen, and the results at a cut-off. */
  async load(k: number): Promise<void> {
    this.options = [general, ...(await this.#others())];
    this.#described = null;
    await this.read(k);
  }

  /** The chosen set for a report; null until its facts are read. */
  get reported(): NamedProbe | null {
    return this.facts && { sha256: this.facts.sha256, name: this.chosen.name };
  }

  async choose(id: string, k: number): Promise<void> {
    this.chosen = this.options.find((option) => option.id === id) ?? general;
    this.#described = null;
    Object.assign(this, { facts: null, error: null, points: [], answer: null });
    await this.read(k);
  }

  /**
   * Measures the base model, the tuned weights and blends on the chosen set. Does nothing for those that are measured.
   */
  async measure(ratios: readonly number[]): Promise<void> {
    // The worker reads the set as it is now.
    this.#described = null;
    const wanted = { ratios: [...new Set([0, 1, ...ratios])], probe: this.chosen.set };
    await blends.evaluate(this.run.runId, wanted, ratios.length === 0 ? 'probe' : 'blend');
  }

  /** Reads the results on the chosen set at a cut-off. Call whenever they or the cut-off have changed. */
  async read(k: number): Promise<void> {
    await this.#newest.ask(
      () => this.#results(k),
      (found) => Object.assign(this, found),
    );
  }

  async #results(k: number): Promise<Pick<ProbeState, 'facts' | 'error' | 'points' | 'answer'>> {
    const { runId } = this.run;
    const data = await gateway.data();
    let facts: ProbeFacts;
    try {
      facts = await (this.#described ??= data.describeProbe(this.chosen.set));
    } catch (thrown) {
      this.#described = null;
      return { facts: null, error: toAppError(thrown).details, points: [], answer: null };
    }
    const points = await gateway.listBlends(runId, 'probe', facts.sha256);
    const [answer = null] = (await data.compareRun(runId, [k], facts.sha256)) ?? [];
    return { facts, error: null, points, answer };
  }

  async #others(): Promise<ProbeOption[]> {
    const { experimentId: own, data } = this.run;
    const others = (await gateway.listExperiments()).filter(
      ({ experimentId, experiment }) =>
        experimentId !== own &&
        entryOf(experiment, 'knowledgeBase') !== undefined &&
        entryOf(experiment, 'devQuestions') !== undefined &&
        !sharesData(data, experiment.data),
    );
    return others.map(({ experimentId, name }): ProbeOption => {
      return { id: experimentId, set: { kind: 'experiment', experimentId }, name };
    });
  }
}
