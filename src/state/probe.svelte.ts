import type { AnswerAt } from '../domain/evaluate/answerAt';
import type { BlendPoint } from '../domain/evaluate/blend';
import { forgettingOf, type ProbeFacts, type ProbeSet } from '../domain/evaluate/probe';
import { toAppError, type AppErrorDetails } from '../domain/errors';
import { entryOf, type SlotName } from '../domain/import/slots';
import type { RunRecord } from '../domain/run';
import { blends } from './blends.svelte';
import { gateway } from './gateway';

/** A probe set to choose: the shipped one, or questions of another experiment by its name. */
export interface ProbeOption {
  id: string;
  set: ProbeSet;
  name: string | null;
}

const general: ProbeOption = { id: 'general', set: { kind: 'general' }, name: null };
const slotOf = { dev: 'devQuestions', test: 'testQuestions' } as const satisfies Record<string, SlotName>;

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
  #asked = 0;

  constructor(readonly run: Pick<RunRecord, 'runId' | 'experimentId'>) {}

  /** Reads the sets that can be chosen, and the results at a cut-off. */
  async load(k: number): Promise<void> {
    this.options = [general, ...(await this.#others())];
    await this.#read(k);
  }

  async choose(id: string, k: number): Promise<void> {
    this.chosen = this.options.find((option) => option.id === id) ?? general;
    await this.#read(k);
  }

  /** Measures ratios on the chosen set, at least both ends. Does nothing for those that are measured. */
  async measure(ratios: readonly number[]): Promise<void> {
    await blends.evaluate(this.run.runId, { ratios: [...new Set([0, 1, ...ratios])], probe: this.chosen.set });
  }

  async #others(): Promise<ProbeOption[]> {
    const others = (await gateway.listExperiments()).filter(
      ({ experimentId, experiment }) =>
        experimentId !== this.run.experimentId && entryOf(experiment, 'knowledgeBase') !== undefined,
    );
    return others.flatMap(({ experimentId, experiment, name }): ProbeOption[] => {
      const part = (['test', 'dev'] as const).find((one) => entryOf(experiment, slotOf[one]) !== undefined);
      return part ? [{ id: experimentId, set: { kind: 'experiment', experimentId, part }, name }] : [];
    });
  }

  async #read(k: number): Promise<void> {
    const asked = ++this.#asked;
    const { runId } = this.run;
    let [facts, error]: [ProbeFacts | null, AppErrorDetails | null] = [null, null];
    try {
      facts = await (await gateway.data()).describeProbe(this.chosen.set);
    } catch (thrown) {
      error = toAppError(thrown).details;
    }
    const all = facts ? await gateway.listBlends(runId, 'probe') : [];
    const points = all.filter(({ probeSha256 }) => probeSha256 === facts?.sha256);
    const hasEnds = [0, 1].every((end) => points.some(({ ratio }) => ratio === end));
    const answers = hasEnds ? await (await gateway.data()).compareRun(runId, [k], 'probe') : null;
    if (asked === this.#asked) Object.assign(this, { facts, error, points, answer: answers?.[0] ?? null });
  }
}
