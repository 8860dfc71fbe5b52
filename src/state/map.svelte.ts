import { candidateId, isEngineCandidate } from '../domain/evaluate/candidate';
import type { QuestionResult } from '../domain/evaluate/evaluation';
import { toAppError, type AppErrorDetails } from '../domain/errors';
import type { MapProgress, MapView } from '../protocol/mapApi';
import { app } from './app.svelte';
import { deviceJob } from './deviceJob.svelte';
import { gateway } from './gateway';
import { inOwnRoot } from './inOwnRoot.svelte';
import { Newest } from './newest';
import type { MeasurableOption } from './speed.svelte';

type Results = ReadonlyMap<string, QuestionResult>;

/** What is stored about the chosen model. */
interface Found {
  view: MapView | null;
  results: Results;
  before: Results;
}

/** The map of an experiment's passages and dev questions by one of its models. */
export class MapState {
  options = $state.raw<readonly MeasurableOption[]>([]);
  chosen = $state<string | null>(null);
  /** The map of the chosen model; the same object as long as the map is the same. */
  view = $state.raw<MapView | null>(null);
  /** Why drawing failed. */
  error = $state.raw<AppErrorDetails | null>(null);
  /** Why it is not known whether there is a map of the chosen model. */
  unknown = $state.raw<AppErrorDetails | null>(null);
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
  #begun = { what: '', of: 0, at: 0 };
  readonly #newestLook = new Newest();

  readonly option = $derived(this.options.find(({ id }) => id === this.chosen));
  /** Index of each passage that is on the map. */
  readonly placeOf = $derived(new Map((this.view?.passages ?? []).map((id, place) => [id, place])));

  constructor(readonly experimentId: string) {}

  /** Call whenever the screen is opened: models, data and results may have changed since the last time. */
  async load(): Promise<void> {
    const all = await (await gateway.data()).listCandidates(this.experimentId);
    this.options = all.flatMap((option): MeasurableOption[] => {
      const { candidate } = option;
      return isEngineCandidate(candidate) ? [{ ...option, candidate }] : [];
    });
    if (!this.option) {
      const tuned = this.options.find(({ candidate }) => candidate.kind === 'run' && candidate.weights === 'kept');
      this.#choose((tuned ?? this.options.find(({ ownBase }) => ownBase) ?? this.options[0])?.id ?? null);
    }
    await this.#look();
  }

  async choose(id: string): Promise<void> {
    if (this.running) return;
    this.#choose(id);
    await this.#look();
  }

  #choose(id: string | null): void {
    this.chosen = id;
    const none: Results = new Map();
    Object.assign(this, { error: null, unknown: null, looked: false, results: none, before: none });
    this.#show(null);
  }

  /** Shows a map, or none. Texts belong to the data of a map, so they are forgotten with it. */
  #show(view: MapView | null): void {
    if (view?.key === this.view?.key) return;
    this.view = view;
    this.texts = new Map();
  }

  /** Reads the map and the results of the chosen model. Uses no device, so it can be called during any job. */
  async #look(): Promise<void> {
    const { option } = this;
    if (!option) return this.#newestLook.forget();
    try {
      await this.#newestLook.ask(
        () => this.#find(option),
        ({ view, results, before }) => {
          this.#show(view);
          Object.assign(this, { results, before, looked: true, unknown: null });
        },
      );
    } catch (thrown) {
      this.#show(null);
      Object.assign(this, { looked: false, unknown: toAppError(thrown).details });
    }
  }

  async #find({ candidate }: MeasurableOption): Promise<Found> {
    const { experimentId } = this;
    const view = await (await gateway.gpu()).keptMap({ experimentId, candidate }, app.devicePreference);
    const { models } = await (await gateway.data()).comparedPart(experimentId, 'dev');
    const of = (id: string | undefined): Results =>
      new Map((models.find((model) => model.id === id)?.results ?? []).map((result) => [result.questionId, result]));
    const base = this.options.find(({ ownBase }) => ownBase);
    return { view, results: of(candidateId(candidate)), before: of(base?.id) };
  }

  /** Computes the map of the chosen model and shows it, unless another model was chosen by then. */
  async draw(): Promise<void> {
    const { option, experimentId } = this;
    if (!option || this.running) return;
    Object.assign(this, { running: true, error: null });
    const request = { experimentId, candidate: option.candidate };
    try {
      const view = await deviceJob.during('map', async () =>
        (await gateway.gpu()).drawMap(request, app.devicePreference, (progress) => this.#report(progress)),
      );
      if (this.chosen === option.id) this.#show(view);
    } catch (thrown) {
      const { details } = toAppError(thrown);
      if (details.kind !== 'cancelled') this.error = details;
    }
    Object.assign(this, { running: false, cancelling: false, progress: null });
    // The data may have changed while the map was computed.
    await this.#look();
  }

  #report(progress: MapProgress): void {
    const now = performance.now();
    const { what, done, of } = progress;
    if (this.#begun.what !== what || this.#begun.of !== of) this.#begun = { what, of, at: now };
    const msLeft = done > 0 ? ((now - this.#begun.at) / done) * (of - done) : null;
    this.progress = { ...progress, msLeft };
  }

  async cancel(): Promise<void> {
    this.cancelling = true;
    await (await gateway.gpu()).cancelMap();
  }

  /** Fetches the texts of passages that are not known yet. */
  async needTexts(ids: readonly string[]): Promise<void> {
    const missing = ids.filter((id) => !this.texts.has(id));
    if (missing.length === 0) return;
    const { view } = this;
    const found = await (await gateway.data()).comparedPassages(this.experimentId, 'dev', missing);
    if (view === this.view) this.texts = new Map([...this.texts, ...found.map(({ id, text }) => [id, text] as const)]);
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
