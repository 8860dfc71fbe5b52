import { offeredKs } from '../domain/evaluate/answerAt';
import { candidateId, denseOf, type Candidate } from '../domain/evaluate/candidate';
import { largestK } from '../domain/evaluate/comparedMetric';
import type { CompareRow } from '../domain/evaluate/compareTable';
import type { LabelChanges } from '../domain/evaluate/labelDecisions';
import { toAppError, type AppErrorDetails } from '../domain/errors';
import type { QuestionPart } from '../domain/records';
import type { ReportedFailure } from '../domain/report/reportFacts';
import {
  blendOption,
  type CandidateOption,
  type ComparedModel,
  type ComparedPart,
  type CompareProgress,
  type CompareReports,
} from '../protocol/compareApi';
import type { GpuApi } from '../protocol/gpuApi';
import { app } from './app.svelte';
import { deviceJob } from './deviceJob.svelte';
import { gateway } from './gateway';
import { Newest } from './newest';
import { inOwnRoot } from './inOwnRoot.svelte';
import { flushExperiment } from './openExperiments.svelte';

/** A candidate in the screen's list: an option, or its ranking fused with the keyword search. */
export interface ListedCandidate {
  id: string;
  candidate: Candidate;
  option: CandidateOption;
  fused: boolean;
}

/** Maximum number of models that are chosen initially. More can be added. */
const chosenFirst = 8;

/** Progress of the candidate being evaluated. */
interface Doing extends CompareProgress {
  /** When this kind of work began, to estimate the time left. */
  begunAt: number;
  begunWith: number;
  msLeft: number | null;
}

/** The comparison of models on one experiment's questions. */
export class ComparisonState {
  options = $state.raw<readonly CandidateOption[]>([]);
  part = $state<QuestionPart>('dev');
  data = $state.raw<ComparedPart | null>(null);
  /** Why models can't be compared on this part: its questions or the knowledge base are missing. */
  error = $state.raw<AppErrorDetails | null>(null);
  /** Ids of the candidates to compare. */
  chosen = $state.raw<ReadonlySet<string>>(new Set());
  k = $state(1);
  doing = $state.raw<Doing | null>(null);
  running = $state(false);
  cancelling = $state(false);
  /** Number of candidates that have ended in the current comparison, and of all its candidates. */
  ended = $state.raw<{ done: number; of: number }>({ done: 0, of: 0 });
  /** Why a candidate failed, by id. */
  failures = $state.raw<ReadonlyMap<string, AppErrorDetails>>(new Map());
  /** What the latest work was on, which `failures` are about. */
  latestWork: ReportedFailure['what'] = 'questions';
  rows = $state.raw<readonly CompareRow[]>([]);
  questions = $state(0);
  #baseline = $state<string | null>(null);
  readonly #newestOptions = new Newest();
  readonly #newestPart = new Newest();
  readonly #newestTable = new Newest();

  readonly listed = $derived(this.options.flatMap(listedOf));
  readonly #byId = $derived(new Map(this.listed.map((one) => [one.id, one])));
  readonly results = $derived(new Map((this.data?.models ?? []).map((model) => [model.id, model])));
  /** Chosen candidates with results, in the order of the list. */
  readonly shown = $derived(this.listed.filter(({ id }) => this.chosen.has(id) && this.results.has(id)));
  /** Chosen candidates without results. */
  readonly missing = $derived(this.listed.filter(({ id }) => this.chosen.has(id) && !this.results.has(id)));
  readonly baselineId = $derived(
    this.shown.find(({ id }) => id === this.#baseline)?.id ??
      this.shown.find(({ option, fused }) => option.ownBase && !fused)?.id ??
      this.shown[0]?.id ??
      null,
  );
  readonly ks = $derived([...new Set([...offeredKs, this.k])].sort((a, b) => a - b));

  constructor(readonly experimentId: string) {}

  async experimentName(): Promise<string> {
    return (await gateway.getExperiment(this.experimentId))?.name ?? '';
  }

  /** Returns how the user's decisions change the labels of the part that is shown, by question. */
  async labelChanges(): Promise<LabelChanges['byQuestion']> {
    const { experimentId, part } = this;
    // The worker reads the decisions from storage.
    await flushExperiment(experimentId);
    return (await (await gateway.data()).labelChangesOf({ experimentId, part })).byQuestion;
  }

  candidateOf(id: string): ListedCandidate | undefined {
    return this.#byId.get(id);
  }

  modelOf(id: string): ComparedModel | undefined {
    return this.results.get(id);
  }

  /** Call whenever the screen is opened: models, runs and data may have changed since the last time. */
  async load(): Promise<void> {
    await this.#newestOptions.askAndWait(
      async () => (await gateway.data()).listCandidates(this.experimentId),
      (listed) => {
        // Blends that were chosen here but not evaluated yet are stored nowhere else.
        const typed = this.options.filter((option) => listedOf(option).some(({ id }) => this.chosen.has(id)));
        const missing = typed.filter(({ id }) => !listed.some((one) => one.id === id));
        this.options = [...listed, ...missing.filter(({ candidate }) => isBlendOf(candidate, listed))];
        this.chosen = new Set([...this.chosen].filter((id) => this.#byId.has(id)));
      },
    );
    const first = this.chosen.size === 0;
    if (first) this.chosen = new Set(firstChoice(this.options));
    await this.#loadPart();
    if (!first) return;
    // Also choose the models with results from an earlier visit.
    this.chosen = new Set([...this.chosen, ...this.results.keys()]);
    await this.#loadTable();
  }

  async showPart(part: QuestionPart): Promise<void> {
    this.part = part;
    this.failures = new Map();
    await this.#loadPart();
  }

  setK(k: number): void {
    this.k = Math.max(1, Math.min(largestK, Math.round(k)));
    void app.attempt(() => this.#loadTable());
  }

  pin(id: string): void {
    this.#baseline = id;
    void app.attempt(() => this.#loadTable());
  }

  choose(id: string, isChosen: boolean): void {
    const next = new Set(this.chosen);
    if (isChosen) next.add(id);
    else next.delete(id);
    this.chosen = next;
    void app.attempt(() => this.#loadTable());
  }

  /** Lists a blend of a run with its base model and chooses it. `kept` is the run's own candidate. */
  addBlend({ candidate, option }: ListedCandidate, ratio: number): void {
    if (candidate.kind !== 'run') return;
    const blend = blendOption(option, candidate.runId, ratio);
    if (!this.#byId.has(blend.id)) {
      const at = this.options.indexOf(option) + 1;
      this.options = [...this.options.slice(0, at), blend, ...this.options.slice(at)];
    }
    this.choose(blend.id, true);
  }

  /** Lists the models again, and chooses the one that was just added. */
  async addModel(contentSha256: string): Promise<void> {
    await this.load();
    const added = this.options.find(({ settings }) => settings?.contentSha256 === contentSha256);
    if (added) this.choose(added.id, true);
  }

  async #loadPart(): Promise<void> {
    const { part } = this;
    try {
      await this.#newestPart.askAndWait(
        async () => (await gateway.data()).comparedPart(this.experimentId, part),
        (data) => Object.assign(this, { data, error: null }),
      );
    } catch (thrown) {
      this.data = null;
      this.error = toAppError(thrown).details;
    }
    await this.#loadTable();
  }

  async #loadTable(): Promise<void> {
    const { experimentId, part, k, baselineId } = this;
    const ids = this.shown.map(({ id }) => id);
    if (baselineId === null) {
      this.#newestTable.forget();
      this.rows = [];
      return;
    }
    const request = { experimentId, part, ids, baselineId, k };
    await this.#newestTable.ask(
      async () => (await gateway.data()).compareTable(request),
      ({ rows, questions }) => Object.assign(this, { rows, questions }),
    );
  }

  /** Evaluates the chosen candidates without results. Results appear one by one. */
  async start(): Promise<void> {
    const { experimentId, part } = this;
    const candidates = this.missing.map(({ candidate }) => candidate);
    await this.work('questions', candidates, (gpu, ...reports) =>
      gpu.compareModels({ experimentId, part, candidates }, app.devicePreference, ...reports),
    );
  }

  /** Does work on candidates as the only job of the device, with progress, cancel and the failures of candidates. */
  async work(
    what: ReportedFailure['what'],
    candidates: readonly Candidate[],
    launch: (gpu: GpuApi, progress: CompareReports['progress'], ended: CompareReports['ended']) => Promise<void>,
  ): Promise<void> {
    if (this.running || candidates.length === 0) return;
    this.running = true;
    this.failures = new Map();
    this.latestWork = what;
    this.ended = { done: 0, of: candidates.length };
    try {
      await deviceJob.during('compare', async () =>
        launch(
          await gateway.gpu(),
          (progress) => this.#report(progress),
          (id, error) => void app.attempt(() => this.#candidateEnded(id, error)),
        ),
      );
    } catch (thrown) {
      app.report(thrown);
    } finally {
      this.running = false;
      this.cancelling = false;
      this.doing = null;
      await app.attempt(() => this.#loadPart());
    }
  }

  async cancel(): Promise<void> {
    this.cancelling = true;
    await (await gateway.gpu()).cancelComparison();
  }

  #report(progress: CompareProgress): void {
    const now = performance.now();
    const { doing } = this;
    const same = doing?.id === progress.id && doing.what === progress.what;
    const begun = same ? doing : { begunAt: now, begunWith: progress.done };
    const since = progress.done - begun.begunWith;
    const msLeft = since > 0 ? ((now - begun.begunAt) / since) * (progress.of - progress.done) : null;
    this.doing = { ...progress, begunAt: begun.begunAt, begunWith: begun.begunWith, msLeft };
  }

  async #candidateEnded(id: string, error: AppErrorDetails | null): Promise<void> {
    this.ended = { ...this.ended, done: this.ended.done + 1 };
    if (error) this.failures = new Map(this.failures).set(id, error);
    else await this.#loadPart();
  }
}

/** Whether it is a blend of a run that is listed, so that its weights are there and can be blended. */
function isBlendOf(candidate: Candidate, listed: readonly CandidateOption[]): boolean {
  const keeps = (one: Candidate): boolean => one.kind === 'run' && one.weights === 'kept';
  return (
    candidate.kind === 'blend' &&
    listed.some(({ candidate: one }) => keeps(one) && 'runId' in one && one.runId === candidate.runId)
  );
}

function listedOf(option: CandidateOption): ListedCandidate[] {
  const { id, candidate } = option;
  const dense = denseOf(candidate);
  const own = { id, candidate, option, fused: false };
  if (!dense || candidate.kind === 'fused') return [own];
  const fused: Candidate = { kind: 'fused', dense };
  return [own, { id: candidateId(fused), candidate: fused, option, fused: true }];
}

/** Chooses the initial candidates: the keyword search, the base models, and the kept weights of the newest runs. */
function firstChoice(options: readonly CandidateOption[]): string[] {
  const keywords = options.filter(({ candidate }) => candidate.kind === 'keywords');
  const bases = options.filter(({ candidate }) => candidate.kind === 'base');
  const runs = options.filter(({ candidate }) => candidate.kind === 'run' && candidate.weights === 'kept');
  return [...keywords, ...bases, ...runs].slice(0, chosenFirst).map(({ id }) => id);
}

const known = new Map<string, ComparisonState>();

/** Returns the comparison of an experiment. The page keeps one per experiment, which a running job updates. */
export function comparisonOf(experimentId: string): ComparisonState {
  const state = known.get(experimentId) ?? inOwnRoot(() => new ComparisonState(experimentId));
  known.set(experimentId, state);
  return state;
}
