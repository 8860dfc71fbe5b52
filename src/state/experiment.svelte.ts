import { countedSteps, type CountedSteps } from '../domain/train/countedSteps';
import { trainCountsOf, type TrainCounts } from '../domain/train/pairCounts';
import { earlyStopRefusal } from '../domain/train/earlyStop';
import { runRefusal, strategyRefusal } from '../domain/train/runRefusal';
import type { AppErrorDetails } from '../domain/errors';
import { canonicalJson } from '../domain/canonicalJson';
import { dataOfStage, experimentModelOf, type ExperimentModel, type Stage } from '../domain/experiment';
import type { MemoryReport } from '../domain/memory/report';
import type { StoredModel } from '../domain/model';
import type { StageName, StageState } from '../domain/pipeline';
import { stageStatesOf } from '../domain/stageStates';
import type { Dataset } from '../domain/records';
import { unfinishedStatuses, type RunRecord } from '../domain/run';
import { gateway } from './gateway';
import { demoParts, type DemoInput } from '../domain/import/demoInputs';
import { inputStates, missingSlots, namedHash, type InputName, type InputHashes } from '../domain/import/inputs';
import { entryOf, withEntry, type SlotName } from '../domain/import/slots';
import { readReferences } from './references';
import { SavedExperiment } from './savedExperiment.svelte';
import { SplitState, splitKey } from './splitting.svelte';
import { Newest } from './newest';

/** Results of a worker's planning of the batches. */
type PlannedBatches = Pick<MemoryReport, 'steps' | 'leftOut' | 'negatives'>;

/** The experiment on the screen: its settings, the data and model they refer to, its split and its runs. */
export class ExperimentState extends SavedExperiment {
  datasets = $state.raw<Partial<Record<SlotName, Dataset>>>({});
  model = $state.raw<StoredModel | null>(null);
  runs = $state.raw<RunRecord[]>([]);
  readonly #newestRuns = new Newest();
  loaded = $state(false);
  readonly split = new SplitState();
  /** The `tokensKey` that this page last tokenized for; tokens are current while it equals `tokensKey`. */
  tokenizedFor = $state<string | null>(null);
  /** The `batchesKey` for which this page last found mined negatives in storage. */
  minedFor = $state<string | null>(null);
  #planned = $state.raw<PlannedBatches & { key: string | null }>({
    key: null,
    steps: 0,
    leftOut: [],
  });
  #chosenStage = $state(0);
  /** Index of the training stage that the form shows and edits. */
  readonly stageIndex = $derived(Math.max(0, Math.min(this.#chosenStage, (this.experiment?.stages.length ?? 1) - 1)));
  readonly trainStage = $derived<Stage | null>(this.experiment?.stages[this.stageIndex] ?? null);
  readonly #storedHashes = $derived<InputHashes>({
    knowledgeBase: this.datasets.knowledgeBase?.contentSha256,
    pairs: this.datasets.pairs?.contentSha256,
    scoredPairs: this.datasets.scoredPairs?.contentSha256,
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
  /** All inputs that keep the experiment from running: `missing`, and the model if it is not here. */
  readonly lacking = $derived<InputName[]>(this.hasModel ? this.missing : [...this.missing, 'model']);
  readonly ready = $derived(this.lacking.length === 0);
  /** Inputs that are missing or different and that this page's demo contains. */
  readonly demoParts = $derived<DemoInput[]>(this.inputs ? demoParts(this.inputs) : []);
  /** The runs that are not trials of other settings. */
  readonly ownRuns = $derived(this.runs.filter((run) => run.trial !== true));
  readonly latestRun = $derived<RunRecord | null>(this.ownRuns[0] ?? null);
  readonly latestDone = $derived<RunRecord | null>(this.ownRuns.find((run) => run.status === 'done') ?? null);
  readonly activeRun = $derived(this.runs.find(({ status }) => unfinishedStatuses.has(status)) ?? null);
  /** Whether the newest result was made with the current settings. */
  readonly resultIsCurrent = $derived(
    this.latestDone !== null &&
      this.experiment !== null &&
      canonicalJson(this.latestDone.experiment) === canonicalJson(this.experiment),
  );
  /** Key of everything that the token sets depend on. The split decides which pairs and questions are in them. */
  readonly tokensKey = $derived(
    this.experiment ? canonicalJson([splitKey(this.experiment), this.experiment.model]) : '',
  );

  /** Key of everything that the batches and their memory depend on. */
  readonly batchesKey = $derived.by(() => {
    if (!this.experiment) return '';
    const { seed, data, split, model, stages } = this.experiment;
    return canonicalJson([seed, data, split, model, stages]);
  });

  readonly #minesNothing = $derived(
    this.experiment?.stages.every(({ negatives }) => negatives?.from !== 'mined') ?? true,
  );

  readonly #trainCounts = $derived.by<TrainCounts | null>(() => {
    const counts = this.experiment && this.split.countsOf(this.experiment);
    return counts && trainCountsOf(counts);
  });

  /**
   * Number of rows of the shown stage, without those held out or skipped, and number of steps of a run with the current
   * settings. Null until the split is counted, or if the experiment lists its batches. `atMost`: an epoch may leave out
   * pairs with repeated texts, and the worker has not planned the batches yet.
   */
  readonly plan = $derived.by(() => {
    const train = this.#trainCounts;
    if (!this.experiment || !train) return null;
    const counted = countedSteps(this.experiment.stages, train);
    if (!counted) return null;
    const planned = this.#planned.key === this.batchesKey;
    const [first] = this.experiment.stages;
    const { pairs } = train[first ? dataOfStage(first) : 'pairs'];
    return { pairs, ...(planned ? { steps: this.#planned.steps, atMost: false } : counted) };
  });

  /** For each stage, the rows left out of each epoch. Null until the worker has planned the batches. */
  readonly leftOut = $derived(this.#planned.key === this.batchesKey ? this.#planned.leftOut : null);

  /** The explicit negatives of the shown stage, with counts. Null until the worker has planned the batches. */
  readonly negatives = $derived(
    (this.#planned.key === this.batchesKey ? this.#planned.negatives?.[this.stageIndex] : null) ?? null,
  );

  /** Call when a worker has planned the batches of the experiment, with the `batchesKey` it had then. */
  planned(key: string, { steps, leftOut, negatives }: PlannedBatches): void {
    this.#planned = { key, steps, leftOut, ...(negatives ? { negatives } : {}) };
  }

  chooseStage(index: number): void {
    this.#chosenStage = index;
  }

  /** Returns how many steps the shown stage would have with this many epochs. Null until the split is counted. */
  stepsOfEpochs(value: number): CountedSteps | null {
    const stage = this.trainStage;
    const train = this.#trainCounts;
    if (!this.plan || !stage || !train) return null;
    const { unit, value: current } = stage.duration;
    if (this.experiment?.stages.length === 1 && unit === 'epochs' && current === value) return this.plan;
    return countedSteps([{ ...stage, duration: { unit: 'epochs', value } }], train);
  }

  /**
   * Why a run with the current settings would be refused. Null if nothing is wrong, or while the split is not counted.
   */
  readonly refusal = $derived.by<AppErrorDetails | null>(() => {
    const counts = this.experiment && this.ready ? this.split.countsOf(this.experiment) : null;
    if (!this.experiment || !counts || !this.#trainCounts) return null;
    return (
      (this.model && strategyRefusal(this.experiment, this.model.tensors)) ??
      runRefusal(this.experiment, this.#trainCounts, counts.test, this.model?.config.hiddenSize ?? null) ??
      earlyStopRefusal(this.experiment, counts.dev)
    );
  });

  async countSplit(): Promise<void> {
    if (this.experiment && this.missing.length === 0) await this.split.count(this.experiment);
  }

  /** Call whenever the experiment's screen is opened: another tab may have changed it since the last time. */
  async load(): Promise<void> {
    // Wait before reading any state. Otherwise an effect that calls this would run again after every change.
    await this.flush();
    const before = this.stored;
    const stored = (await gateway.getExperiment(this.experimentId)) ?? null;
    // Load the inputs before the experiment. Otherwise the screen would show all of them as missing for a moment.
    const [references] = await Promise.all([readReferences(stored?.experiment), this.loadRuns()]);
    // An import that is still running may have changed the experiment meanwhile; its change is newer than the stored
    // state.
    if (this.stored === before) {
      Object.assign(this, references);
      this.show(stored);
    }
    this.loaded = true;
    this.followOtherTabs();
  }

  protected override async reloadReferences(): Promise<void> {
    const { stored } = this;
    const references = await readReferences(stored?.experiment);
    if (this.stored === stored) Object.assign(this, references);
  }

  /** Reads the runs. Returns once `runs` is at least as new as this call. */
  async loadRuns(): Promise<void> {
    await this.#newestRuns.askAndWait(
      () => gateway.listRuns(this.experimentId),
      (runs) => (this.runs = runs),
    );
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

  /** Replaces the record of the knowledge base with one that counts its titles. */
  datasetCounted(dataset: Dataset): void {
    if (this.datasets.knowledgeBase?.contentSha256 === dataset.contentSha256)
      this.datasets = { ...this.datasets, knowledgeBase: dataset };
  }

  /**
   * Whether new content is encoded with its titles: as the experiment's link states, or else if the content has titles.
   */
  #joinsTitles(slot: SlotName, { contentSha256, titles = 0 }: Dataset): boolean {
    const linked = this.stored?.linked && entryOf(this.stored.linked, slot);
    return linked && linked.contentSha256 === contentSha256 ? linked.joinTitles === true : titles > 0;
  }

  /**
   * Whether the imported model is the one that the experiment refers to, as in an experiment from a link, or after lost
   * parts of the model were put back. The model is then used with the experiment's own settings.
   */
  async findModel(imported: StoredModel): Promise<boolean> {
    const sha256 = this.experiment?.model?.contentSha256;
    if (sha256 === undefined) return false;
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

  readonly stageStates = $derived<Record<StageName, StageState>>(
    stageStatesOf({
      started: (this.experiment?.data.length ?? 0) > 0 || this.experiment?.model != null,
      hasData: this.missing.length === 0,
      ready: this.ready,
      negativesChosen: this.#minesNothing || this.#planned.key === this.batchesKey || this.minedFor === this.batchesKey,
      tokensCurrent: this.tokenizedFor === this.tokensKey,
      activePhase: this.activeRun?.phase ?? null,
      result: this.latestDone ? (this.resultIsCurrent ? 'done' : 'stale') : 'empty',
    }),
  );
}
