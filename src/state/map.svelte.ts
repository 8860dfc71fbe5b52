import { candidateId, isEngineCandidate } from '../domain/evaluate/candidate';
import type { QuestionResult } from '../domain/evaluate/evaluation';
import { toAppError, type AppErrorDetails } from '../domain/errors';
import type { MapProgress, MapView } from '../protocol/mapApi';
import { app } from './app.svelte';
import { deviceJob } from './deviceJob.svelte';
import { gateway } from './gateway';
import { inOwnRoot } from './inOwnRoot.svelte';
import type { MeasurableOption } from './speed.svelte';

type Results = ReadonlyMap<string, QuestionResult>;

/** The map of an experiment's passages and dev questions by one of its models. */
export class MapState {
  options = $state.raw<readonly MeasurableOption[]>([]);
  chosen = $state<string | null>(null);
  view = $state.raw<MapView | null>(null);
  error = $state.raw<AppErrorDetails | null>(null);
  progress = $state.raw<(MapProgress & { msLeft: number | null }) | null>(null);
  running = $state(false);
  cancelling = $state(false);
  /** Whether it is known if there is a map of the chosen model. */
  looked = $state(false);
  /** Results of the chosen model and of the base model on dev, by question; empty if they were not compared. */
  results = $state.raw<Results>(new Map());
  before = $state.raw<Results>(new Map());
  /** Texts of passages that were asked for, by id. */
  texts = $state.raw<ReadonlyMap<string, string>>(new Map());
  #begun = { what: '', at: 0 };

  readonly option = $derived(this.options.find(({ id }) => id === this.chosen));
  /** Index of each passage that is on the map. */
  readonly placeOf = $derived(new Map((this.view?.passages ?? []).map((id, place) => [id, place])));

  constructor(readonly experimentId: string) {}

  /** Call whenever the screen is opened. */
  async load(): Promise<void> {
    const all = await (await gateway.data()).listCandidates(this.experimentId);
    this.options = all.flatMap((option): MeasurableOption[] => {
      const { candidate } = option;
      return isEngineCandidate(candidate) ? [{ ...option, candidate }] : [];
    });
    if (!this.option) {
      const tuned = this.options.find(({ candidate }) => candidate.kind === 'run' && candidate.weights === 'kept');
      this.chosen = (tuned ?? this.options.find(({ ownBase }) => ownBase) ?? this.options[0])?.id ?? null;
    }
    if (!this.view && !this.running && deviceJob.current === null) await this.draw(false);
  }

  async choose(id: string): Promise<void> {
    if (this.running) return;
    this.chosen = id;
    this.view = null;
    await this.draw(false);
  }

  /** Shows the map of the chosen model. Computes it if it is not stored, unless `compute` is false. */
  async draw(compute: boolean): Promise<void> {
    const { option, experimentId } = this;
    if (!option || this.running) return;
    Object.assign(this, { running: true, error: null, looked: false });
    const request = { experimentId, candidate: option.candidate, compute };
    try {
      this.view = await deviceJob.during('map', async () =>
        (await gateway.gpu()).drawMap(request, app.devicePreference, (progress) => this.#report(progress)),
      );
      await this.#loadResults(option);
    } catch (thrown) {
      const { details } = toAppError(thrown);
      if (details.kind !== 'cancelled') this.error = details;
    }
    Object.assign(this, { running: false, cancelling: false, progress: null, looked: true });
  }

  #report(progress: MapProgress): void {
    const now = performance.now();
    if (this.#begun.what !== progress.what) this.#begun = { what: progress.what, at: now };
    const { done, of } = progress;
    const msLeft = done > 0 ? ((now - this.#begun.at) / done) * (of - done) : null;
    this.progress = { ...progress, msLeft };
  }

  async #loadResults(option: MeasurableOption): Promise<void> {
    const { models } = await (await gateway.data()).comparedPart(this.experimentId, 'dev');
    const base = this.options.find(({ ownBase }) => ownBase);
    const of = (id: string | undefined): Results =>
      new Map((models.find((model) => model.id === id)?.results ?? []).map((result) => [result.questionId, result]));
    this.results = of(candidateId(option.candidate));
    this.before = of(base?.id);
  }

  async cancel(): Promise<void> {
    this.cancelling = true;
    await (await gateway.gpu()).cancelMap();
  }

  /** Fetches the texts of passages that are not known yet. */
  async needTexts(ids: readonly string[]): Promise<void> {
    const missing = ids.filter((id) => !this.texts.has(id));
    if (missing.length === 0) return;
    const found = await (await gateway.data()).comparedPassages(this.experimentId, 'dev', missing);
    this.texts = new Map([...this.texts, ...found.map(({ id, text }) => [id, text] as const)]);
  }

  /** Returns the places of the passages that a question finds, or of the questions that find a passage. */
  foundFrom(point: number): number[] {
    const { view } = this;
    if (!view) return [];
    const passages = view.passages.length;
    const question = view.questions[point - passages];
    if (question)
      return (this.results.get(question.id)?.top ?? []).flatMap(({ passageId }) => this.placeOf.get(passageId) ?? []);
    const id = view.passages[point];
    return view.questions.flatMap((one, i) =>
      this.results.get(one.id)?.top.some(({ passageId }) => passageId === id) ? [passages + i] : [],
    );
  }
}

const known = new Map<string, MapState>();

/** Returns the map of an experiment. There is one state per page, which a running job updates. */
export function mapOf(experimentId: string): MapState {
  const state = known.get(experimentId) ?? inOwnRoot(() => new MapState(experimentId));
  known.set(experimentId, state);
  return state;
}
