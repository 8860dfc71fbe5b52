import { stepCount } from '../domain/train/planBatches';
import { runRefusal } from '../domain/train/runRefusal';
import type { AppErrorDetails } from '../domain/errors';
import { canonicalJson } from '../domain/canonicalJson';
import { experimentModelOf, type Experiment, type ExperimentModel } from '../domain/experiment';
import type { StoredModel } from '../domain/model';
import type { StageName, StageState } from '../domain/pipeline';
import type { Dataset } from '../domain/records';
import type { RunRecord } from '../domain/run';
import type { StoredExperiment } from '../storage/schema';
import { app } from './app.svelte';
import { gateway } from './gateway';
import { demoParts } from '../domain/import/demoInputs';
import { inputStates, missingSlots, namedHash, type InputName, type InputHashes } from '../domain/import/inputs';
import { entryOf, slotNames, withEntry, type SlotName } from '../domain/import/slots';
import { SplitState, splitKey } from './splitting.svelte';

const saveDelayMs = 300;
const undoLimit = 100;

/** The stored data and model that an experiment refers to, as far as they are in this browser. */
interface References {
  datasets: Partial<Record<SlotName, Dataset>>;
  model: StoredModel | null;
}

/** The experiment on the screen: settings, the data and model they refer to, runs. Changes are saved automatically. */
export class ExperimentState {
  stored = $state.raw<StoredExperiment | null>(null);
  datasets = $state.raw<Partial<Record<SlotName, Dataset>>>({});
  model = $state.raw<StoredModel | null>(null);
  runs = $state.raw<RunRecord[]>([]);
  loaded = $state(false);
  readonly split = new SplitState();
  /** The `tokensKey` that this page last tokenized for; tokens are current while it equals `tokensKey`. */
  tokenizedFor = $state<string | null>(null);
  #past = $state.raw<StoredExperiment[]>([]);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dirty = false;
  /** Ends with the newest save. */
  #saving: Promise<void> = Promise.resolve();
  #onHide = () => void this.flush();

  constructor(readonly experimentId: string) {}

  readonly experiment = $derived<Experiment | null>(this.stored?.experiment ?? null);
  readonly canUndo = $derived(this.#past.length > 0);
  readonly #storedHashes = $derived<InputHashes>({
    knowledgeBase: this.datasets.knowledgeBase?.contentSha256,
    pairs: this.datasets.pairs?.contentSha256,
    devQuestions: this.datasets.devQuestions?.contentSha256,
    testQuestions: this.datasets.testQuestions?.contentSha256,
    model: this.model?.contentSha256,
  });
  /** State of each input: here, missing, or different from what the shared link names. */
  readonly inputs = $derived(
    this.experiment && inputStates(this.experiment, this.stored?.linked ?? null, this.#storedHashes),
  );
  /** Slots that keep the experiment from running: required but empty, or naming content that is not in this browser. */
  readonly missing = $derived(this.experiment ? missingSlots(this.experiment, this.#storedHashes) : []);
  readonly hasModel = $derived(this.model !== null && this.model.contentSha256 === namedHash(this.experiment, 'model'));
  /** All inputs that keep the experiment from running: `missing` and the model. */
  readonly lacking = $derived<InputName[]>(this.hasModel ? this.missing : [...this.missing, 'model']);
  readonly ready = $derived(this.lacking.length === 0);
  /** Inputs that are missing or different, and that the demo of this page has. */
  readonly demoParts = $derived<InputName[]>(this.inputs ? demoParts(this.inputs) : []);
  readonly latestRun = $derived<RunRecord | null>(this.runs[0] ?? null);
  readonly latestDone = $derived<RunRecord | null>(this.runs.find((run) => run.status === 'done') ?? null);
  readonly activeRun = $derived(
    this.runs.find((run) => run.status === 'running' || run.status === 'paused' || run.status === 'queued') ?? null,
  );
  /** Whether the newest result was made with the current settings. */
  readonly resultIsCurrent = $derived(
    this.latestDone !== null &&
      this.experiment !== null &&
      canonicalJson(this.latestDone.experiment) === canonicalJson(this.experiment),
  );
  /** Key of everything that the token sets depend on. The split decides which pairs and questions they hold. */
  readonly tokensKey = $derived(
    this.experiment ? canonicalJson([splitKey(this.experiment), this.experiment.model]) : '',
  );

  /**
   * Pairs and steps of a run with the current settings, without pairs that are held out or skipped. Null until the
   * split is counted, and if the experiment lists its batch order.
   */
  readonly plan = $derived.by(() => {
    const pairs = this.experiment && this.split.countsOf(this.experiment)?.train;
    if (!this.experiment || pairs == null) return null;
    let steps = 0;
    for (const { batching, duration } of this.experiment.stages) {
      if (batching.kind === 'listed') return null;
      steps += stepCount(pairs, batching.batchSize, duration);
    }
    return { pairs, steps };
  });

  /** Why a run with the current settings would be refused. Null if nothing is wrong or the split is not counted. */
  readonly refusal = $derived.by<AppErrorDetails | null>(() => {
    const counts = this.experiment && this.ready ? this.split.countsOf(this.experiment) : null;
    if (!this.experiment || !counts) return null;
    const train = { pairs: counts.train, passages: counts.trainPassages, anchors: counts.trainAnchors };
    return runRefusal(this.experiment, train, counts.test);
  });

  async countSplit(): Promise<void> {
    if (this.experiment && this.missing.length === 0) await this.split.count(this.experiment);
  }

  /** Called whenever its screen is opened; another tab may have changed it since the last time. */
  async load(): Promise<void> {
    // Before any state is read: an effect that calls this must not run again with every change.
    await this.#saving;
    await this.flush();
    const before = this.stored;
    const stored = (await gateway.getExperiment(this.experimentId)) ?? null;
    // Load the inputs before the experiment. Otherwise the screen would show all of them as missing for a moment.
    const [references] = await Promise.all([this.#readReferences(stored?.experiment), this.loadRuns()]);
    // A change made meanwhile, by an import under way, is newer than what was read.
    if (this.stored === before) this.#take(stored, references);
    this.loaded = true;
    addEventListener('pagehide', this.#onHide);
  }

  async close(): Promise<void> {
    removeEventListener('pagehide', this.#onHide);
    await this.flush();
  }

  async loadRuns(): Promise<void> {
    this.runs = await gateway.listRuns(this.experimentId);
  }

  #take(stored: StoredExperiment | null, { datasets, model }: References): void {
    if (canonicalJson(stored?.experiment ?? null) !== canonicalJson(this.experiment)) this.#past = [];
    this.datasets = datasets;
    this.model = model;
    this.stored = stored;
  }

  async #readReferences(experiment: Experiment | undefined): Promise<References> {
    if (!experiment) return { datasets: {}, model: null };
    const found: Partial<Record<SlotName, Dataset>> = {};
    for (const slot of slotNames) {
      const entry = entryOf(experiment, slot);
      const dataset = entry ? await gateway.getDataset(entry.contentSha256) : undefined;
      if (dataset) found[slot] = dataset;
    }
    const model = experiment.model ? await gateway.getModel(experiment.model.contentSha256) : undefined;
    return { datasets: found, model: model ?? null };
  }

  /** Applies `edit`, keeps the previous version for undo, and saves soon. */
  change(edit: (experiment: Experiment) => Experiment): void {
    const { stored } = this;
    if (!stored) return;
    const experiment = edit(stored.experiment);
    if (canonicalJson(experiment) === canonicalJson(stored.experiment)) return;
    this.#replace({ ...stored, experiment, updatedAt: Date.now() });
  }

  rename(name: string): void {
    if (this.stored && name.trim() !== '' && name !== this.stored.name)
      this.#replace({ ...this.stored, name, updatedAt: Date.now() });
  }

  #replace(next: StoredExperiment): void {
    if (this.stored) this.#past = [...this.#past.slice(-undoLimit + 1), this.stored];
    this.stored = next;
    this.#saveSoon();
  }

  undo(): void {
    const before = this.#past[this.#past.length - 1];
    if (!before) return;
    this.#past = this.#past.slice(0, -1);
    this.stored = before;
    this.#saveSoon();
    void app.attempt(async () => {
      const references = await this.#readReferences(before.experiment);
      if (this.stored === before) Object.assign(this, references);
    });
  }

  /** Drops the experiment, which has been deleted, with changes that are not saved yet. */
  discard(): void {
    clearTimeout(this.#timer);
    this.#dirty = false;
    this.stored = null;
  }

  #saveSoon(): void {
    this.#dirty = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), saveDelayMs);
  }

  /**
   * Saves pending changes, and waits for a save under way: the workers read the settings from storage. Called before a
   * run starts and when the page is hidden or closed.
   */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    const { stored } = this;
    if (this.#dirty && stored) {
      this.#dirty = false;
      const before = this.#saving;
      this.#saving = (async () => {
        await before;
        await app.attempt(() => gateway.putExperiment(stored));
      })();
    }
    await this.#saving;
  }

  async setDataset(slot: SlotName, dataset: Dataset | null): Promise<void> {
    const joinTitles = dataset !== null && this.#joinsTitles(slot, dataset);
    this.change((experiment) => withEntry(experiment, slot, dataset?.contentSha256 ?? null, joinTitles));
    const next = { ...this.datasets };
    if (dataset) next[slot] = dataset;
    else delete next[slot];
    this.datasets = next;
    await this.flush();
  }

  /** Takes a new record of the knowledge base in use. */
  datasetCounted(dataset: Dataset): void {
    if (this.datasets.knowledgeBase?.contentSha256 === dataset.contentSha256)
      this.datasets = { ...this.datasets, knowledgeBase: dataset };
  }

  /** Whether new content is encoded with its titles: as the experiment's link states it, else if it has any. */
  #joinsTitles(slot: SlotName, { contentSha256, titles = 0 }: Dataset): boolean {
    const linked = this.stored?.linked && entryOf(this.stored.linked, slot);
    return linked && linked.contentSha256 === contentSha256 ? linked.joinTitles === true : titles > 0;
  }

  /**
   * Whether the imported model is the one that the experiment refers to and that was missing, as in an experiment from
   * a link. The model is then used with the experiment's own settings.
   */
  async findModel(imported: StoredModel): Promise<boolean> {
    const sha256 = this.experiment?.model?.contentSha256;
    if (this.model !== null || sha256 === undefined) return false;
    const found = await gateway.getModel(sha256);
    if (!found || (found.aliasOf ?? found.contentSha256) !== imported.contentSha256) return false;
    this.model = found;
    return true;
  }

  async setModel(model: StoredModel | null): Promise<void> {
    this.change((experiment) => ({ ...experiment, model: model && this.#settingsFor(model) }));
    this.model = model;
    await this.flush();
  }

  /** Returns the settings that the experiment or its link states for this model, else those in the model's folder. */
  #settingsFor(model: StoredModel): ExperimentModel {
    const stated = [this.experiment?.model, this.stored?.linked?.model];
    return stated.find((settings) => settings?.contentSha256 === model.contentSha256) ?? experimentModelOf(model);
  }

  readonly stageStates = $derived<Record<StageName, StageState>>(this.#stageStates());

  #stageStates(): Record<StageName, StageState> {
    const { experiment } = this;
    const active = this.activeRun;
    const result: StageState = this.latestDone ? (this.resultIsCurrent ? 'done' : 'stale') : 'empty';
    const started = (experiment?.data.length ?? 0) > 0 || experiment?.model != null;
    const prepared =
      this.tokenizedFor === this.tokensKey || (active ? active.phase !== 'prepare' : this.resultIsCurrent);
    const evaluating = active !== null && active.phase !== 'train' && active.phase !== 'prepare';
    return {
      import: this.ready ? 'done' : started ? 'ready' : 'empty',
      split: this.missing.length === 0 ? 'done' : 'empty',
      tokenize: prepared ? 'done' : this.ready ? 'ready' : 'empty',
      train: active ? 'running' : result !== 'empty' ? result : this.ready ? 'ready' : 'empty',
      evaluate: active && evaluating ? 'running' : result,
      report: result,
    };
  }
}
