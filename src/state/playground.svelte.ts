import {
  candidateId,
  isPlaygroundCandidate,
  type Candidate,
  type PlaygroundCandidate,
} from '../domain/evaluate/candidate';
import type { ChosenThreshold } from '../domain/evaluate/threshold';
import { AppError, toAppError, type AppErrorDetails } from '../domain/errors';
import type { CandidateOption, CompareProgress } from '../protocol/compareApi';
import type { PlaygroundAnswer, SearchedBase } from '../protocol/playground';
import { app } from './app.svelte';
import { deviceJob } from './deviceJob.svelte';
import { baseUrl, gateway } from './gateway';
import { Newest } from './newest';

/**
 * Delay after a key, so that fast typing starts fewer searches. A search takes longer, so a longer delay would only add
 * to it.
 */
const debounceMs = 40;
/** Number of passages that are encoded without asking, because they take only a few seconds on a slow machine. */
const encodedUnasked = 500;

/** An option that answers while one types. */
type AskedOption = CandidateOption & { candidate: PlaygroundCandidate };
const answersTyping = (option: CandidateOption): option is AskedOption => isPlaygroundCandidate(option.candidate);

interface Answered {
  question: string;
  /** Answers by candidate id. */
  answers: ReadonlyMap<string, PlaygroundAnswer>;
  passages: number;
  searchMs: number;
}

/** Questions typed by hand, and the answers of two candidates side by side. */
export class PlaygroundState {
  options = $state.raw<readonly AskedOption[]>([]);
  /** Ids of the candidates on both sides. */
  sides = $state.raw<readonly [string, string] | null>(null);
  text = $state('');
  answered = $state.raw<Answered | null>(null);
  error = $state.raw<AppErrorDetails | null>(null);
  /** Progress while passages are encoded or the demo is loaded. */
  progress = $state.raw<{ what: CompareProgress['what'] | 'demo'; done: number; of: number } | null>(null);
  searching = $state(false);
  /** Thresholds stored for candidates, by id. */
  thresholds = $state.raw<ReadonlyMap<string, ChosenThreshold>>(new Map());
  #base: SearchedBase | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #newest = new Newest();
  #waiting = false;
  #closed = false;

  /** `experimentId` is null for the demo. Nothing of the demo is loaded before the first question. */
  constructor(readonly experimentId: string | null) {}

  get shown(): (AskedOption | undefined)[] {
    return (this.sides ?? []).map((id) => this.options.find((option) => option.id === id));
  }

  /** The answer of the candidate on each side, if it has been asked. */
  get answers(): (PlaygroundAnswer | undefined)[] {
    return (this.sides ?? []).map((id) => this.answered?.answers.get(id));
  }

  async load(): Promise<void> {
    const { experimentId } = this;
    if (experimentId === null) return;
    this.#base = { experimentId };
    this.#offer(await (await gateway.data()).listCandidates(experimentId));
    // The user may have typed a text, or chosen a review question, before the candidates were loaded.
    if (this.text !== '') void this.ask();
    await this.#loadThresholds(experimentId);
  }

  /** Compares the newest trained weights with the base model, or the base model with the keyword search. */
  #offer(all: readonly CandidateOption[]): void {
    const options = all.filter(answersTyping);
    this.options = options;
    if (this.sides && this.shown.every((option) => option)) return;
    const tuned = options.find(({ candidate }) => candidate.kind === 'run' && candidate.weights === 'kept');
    const base = options.find(({ ownBase }) => ownBase) ?? options.find(({ candidate }) => candidate.kind === 'base');
    const keywords = options.find(({ candidate }) => candidate.kind === 'keywords');
    const [left = keywords, right = keywords] = [base, tuned].filter((option) => option !== undefined);
    if (left && right) this.sides = [left.id, right.id];
  }

  async #loadThresholds(experimentId: string): Promise<void> {
    const found = new Map<string, ChosenThreshold>();
    // Oldest first, so that the threshold of the newest run is the one kept for the base model.
    for (const { runId, experiment } of (await gateway.listRuns(experimentId)).reverse()) {
      const keep = async (candidate: Candidate, moment: 'before' | 'after'): Promise<void> => {
        const evaluation = await gateway.getEvaluation(runId, 'dev', moment);
        if (evaluation?.threshold) found.set(candidateId(candidate), evaluation.threshold);
      };
      await keep({ kind: 'run', runId, weights: 'kept' }, 'after');
      if (experiment.model) await keep({ kind: 'base', model: experiment.model }, 'before');
    }
    this.thresholds = found;
  }

  /** Call at every change of the text, but not while characters are being composed. */
  type(text: string): void {
    this.text = text;
    this.#newest.forget();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#search(false), debounceMs);
  }

  choose(side: 0 | 1, id: string): void {
    const [left, right] = this.sides ?? [id, id];
    this.sides = side === 0 ? [id, right] : [left, id];
    void this.ask();
  }

  /** Answers the text at once. With `encode`, also encodes passages that have no stored vectors. */
  async ask(encode = false): Promise<void> {
    clearTimeout(this.#timer);
    this.#newest.forget();
    await this.#search(encode);
  }

  /** Searches for the latest text. While a search is in progress, waits for it; texts in between are never searched. */
  async #search(encode: boolean): Promise<void> {
    if (this.searching) {
      this.#waiting = true;
      return;
    }
    const question = this.text.trim();
    if (question === '') {
      this.answered = null;
      this.error = null;
      return;
    }
    if (this.experimentId !== null && !this.sides) return;
    this.searching = true;
    try {
      await this.#newest.ask(
        () => this.#findUnlessCancelled(question, encode),
        (found) => {
          if (found) Object.assign(this, { answered: { question, ...found }, error: null });
        },
      );
    } catch (thrown) {
      this.error = toAppError(thrown).details;
    } finally {
      this.searching = false;
      this.progress = null;
    }
    if (!this.#waiting) return;
    this.#waiting = false;
    await this.#search(false);
  }

  /** Returns null if the search was cancelled, which also cancels the next one. */
  async #findUnlessCancelled(question: string, encode: boolean): Promise<Omit<Answered, 'question'> | null> {
    try {
      return await deviceJob.during('search', () => this.#find(question, encode));
    } catch (thrown) {
      if (toAppError(thrown).details.kind !== 'cancelled') throw thrown;
      this.#waiting = false;
      return null;
    }
  }

  async #find(question: string, encode: boolean): Promise<Omit<Answered, 'question'>> {
    const base = this.#base ?? (await this.#loadDemo());
    const asked = this.shown.filter((option) => option !== undefined);
    const gpu = await gateway.gpu();
    const search = (encodeNow: boolean) => {
      this.#goOn();
      return gpu.searchByCandidates(
        { base, candidates: asked.map(({ candidate }) => candidate), question, encode: encodeNow },
        app.devicePreference,
        (what, done, of) => void (this.progress = { what, done, of }),
      );
    };
    let found = await search(encode);
    const missing = found.answers.some(({ kind }) => kind === 'not-encoded');
    if (missing && found.passages <= encodedUnasked) found = await search(true);
    const { answers, passages, searchMs } = found;
    const entries = asked.flatMap(({ id }, at) => answers.slice(at, at + 1).map((answer) => [id, answer] as const));
    return { answers: new Map(entries), passages, searchMs };
  }

  /** Throws `cancelled` if the screen was left. */
  #goOn(): void {
    if (this.#closed) throw new AppError({ kind: 'cancelled' });
  }

  async #loadDemo(): Promise<SearchedBase> {
    const data = await gateway.data();
    this.#goOn();
    this.progress = { what: 'demo', done: 0, of: 0 };
    const { knowledgeBase, model } = await data.prepareDemoSearch(baseUrl, (done, of) => {
      this.progress = { what: 'demo', done, of };
    });
    this.progress = null;
    const stored = await gateway.getModel(model.contentSha256);
    if (!stored) throw new AppError({ kind: 'model-missing', contentSha256: model.contentSha256 });
    const option = (candidate: Candidate, name: string): CandidateOption => ({
      ...{ id: candidateId(candidate), candidate, name, settings: null, bytes: 0, dimension: 0 },
      ...{ ownBase: false, run: null },
    });
    this.#offer([option({ kind: 'base', model }, stored.name), option({ kind: 'keywords' }, '')]);
    return (this.#base = { knowledgeBase });
  }

  /** Stops encoding, or loading the demo. */
  async cancel(): Promise<void> {
    if (this.progress?.what === 'demo') await (await gateway.data()).cancelDemoSearch();
    else await (await gateway.gpu()).cancelSearch();
  }

  /** Call when the screen is left. Stops work in progress, so that it doesn't occupy the device unseen. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#closed = true;
    this.#newest.forget();
    this.#waiting = false;
    if (this.searching) await this.cancel();
  }
}
