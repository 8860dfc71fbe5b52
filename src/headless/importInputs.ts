import { experimentHash } from '../domain/experimentHash';
import { AppError } from '../domain/errors';
import { experimentModelOf, type DataEntry, type Experiment, type ExperimentModel } from '../domain/experiment';
import { nameOfPath } from '../domain/fileLocations';
import type { FileReading } from '../domain/import/fileReading';
import { fillExperiment, fillSweep, parseExperimentFile, type ExperimentFile } from '../domain/experimentFile';
import { listingOfGraph } from '../domain/import/chooseOnnxFiles';
import {
  hostLabel,
  hubError,
  hubHosts,
  isHubLocation,
  listingBytes,
  parseHost,
  parseHubLocation,
  type HubListing,
  type HubModelId,
  type OnnxListing,
} from '../domain/import/hub';
import type { StoredModel } from '../domain/model';
import type { OnnxChoice, OnnxModel } from '../domain/onnxModel';
import { stageModelSlots, type StageModelSlot } from '../domain/train/stageModels';
import type { SweepAxis } from '../domain/sweep/sweep';
import { gateway } from '../state/gateway';
import { entryOf, slots, withEntry, type SlotName } from '../domain/import/slots';
import type { Recognition } from '../domain/import/recognise';
import type { DataApi, DownloadProgress, RejectedRow } from '../protocol/dataApi';
import { formatBytes } from '../ui/i18n/format';
import type { HeadlessJob, Job, JobRoutes } from './jobRoutes';

export interface ImportedInputs {
  experiment: Experiment;
  experimentHash: string;
  /** Axes of the file's sweep. Null for a single run. */
  sweep: SweepAxis[] | null;
  /** By slot: numbers of rows left out, references ignored and notes, with the first few reasons. */
  leftOut: Partial<Record<SlotName, { rows: number; references: number; notes: number; first: RejectedRow[] }>>;
  /** By slot: what was recognised in each file. Data that was already stored has nothing to recognise. */
  recognised: Partial<Record<SlotName, Recognition[]>>;
  /** Set if the file asks for a comparison of several runs. */
  compare: ExperimentFile['compare'];
  /** Blends to evaluate or export after the run. */
  blend: ExperimentFile['blend'];
  /** Questions outside the field to measure after the run. */
  probe: ExperimentFile['probe'];
  /** Number of passages with a title, if the knowledge base was read from files. */
  titles: number;
}

type Report = (done: number, of: number) => void;

/** Callbacks that report to the terminal while the files are read. */
export interface InputReports {
  import: Report;
  /** Progress of the download of a model, in megabytes. */
  download: Report;
  note: (text: string) => void;
}

const reasonsListed = 20;

/** The knowledge base is read first because pairs and questions refer to its passages. */
const order = [
  'knowledgeBase',
  'pairs',
  'scoredPairs',
  'devQuestions',
  'testQuestions',
] as const satisfies readonly SlotName[];

/** Throws `experiment-invalid` if the file states a hash that differs from the hash of the content. */
function mustAgree(path: string, promised: string | undefined, read: string): void {
  if (promised !== undefined && promised !== read)
    throw new AppError({ kind: 'experiment-invalid', path, found: promised, expected: read });
}

/** The location of a model of the file, and the content hash that the file states for it. */
interface ModelPlace {
  slot: string;
  name: string;
  location: string | undefined;
  promised: string | undefined;
}

/** How a model is listed and fetched. */
interface HubSource<Model, Listing> {
  list(model: HubModelId, token: string | null): Promise<Listing>;
  fetch(listing: Listing, token: string | null, progress: DownloadProgress, importing: Report): Promise<Model>;
}

/** Lists and fetches one graph. Throws `hub-failed` if the hub does not have it. */
function hubGraph(data: DataApi, choice: OnnxChoice): HubSource<OnnxModel, OnnxListing> {
  return {
    list: async (model, token) => {
      const listing = listingOfGraph(await data.listHubOnnx(model, token), choice);
      if (listing.files.some(({ path }) => path === choice.graph)) return listing;
      throw hubError(model.host, 'file-missing', { id: model.id, file: choice.graph });
    },
    fetch: (...rest) => data.fetchHubOnnx(...rest),
  };
}

/** Whether a stored model has the graph of the choice, and its pooling if it states one. */
function isChosen({ graph, defaults }: OnnxModel, choice: OnnxChoice): boolean {
  return graph.path === choice.graph && (choice.pooling === null || choice.pooling === defaults.pooling.value);
}

export class InputReader {
  readonly leftOut: ImportedInputs['leftOut'] = {};
  readonly recognised: ImportedInputs['recognised'] = {};
  titles = 0;
  #filled: Experiment;

  constructor(
    private readonly routes: JobRoutes,
    private readonly job: Job,
    private readonly file: ExperimentFile,
    private readonly reports: InputReports,
  ) {
    this.#filled = file.experiment;
  }

  async data(): Promise<DataEntry[]> {
    for (const slot of order) await this.#slot(slot);
    return this.#filled.data;
  }

  async #slot(slot: SlotName): Promise<void> {
    const files = (await this.routes.files(this.job, slot)).map(({ file }) => file);
    const promised = entryOf(this.file.experiment, slot)?.contentSha256;
    if (files.length === 0) return this.#mustBeStored(slot, promised);
    const knowledgeBase = entryOf(this.#filled, 'knowledgeBase')?.contentSha256;
    const data = await gateway.data();
    const options = {
      files: this.#readings(slot),
      keepEmptyAnchors: this.file.experiment.stages.some((stage) => stage.batching.kind === 'listed'),
      ...(knowledgeBase === undefined ? {} : { knowledgeBase }),
    };
    const report = await data.importDataset(files, slots[slot].role, this.reports.import, options);
    const { dataset, recognised, ...left } = report;
    this.recognised[slot] = recognised;
    const { rejected, rejectedCount: rows, ignoredCount: references, noteCount: notes } = left;
    if (rejected.length > 0) this.leftOut[slot] = { rows, references, notes, first: rejected.slice(0, reasonsListed) };
    const { contentSha256 } = dataset;
    mustAgree(`data (${slot}).contentSha256`, promised, contentSha256);
    this.titles += dataset.titles ?? 0;
    const joinTitles = this.file.joinTitles ?? this.titles > 0;
    this.#filled = withEntry(this.#filled, slot, contentSha256, joinTitles);
  }

  /** Returns the settings in the experiment file for reading each file of a slot, by file name. */
  #readings(slot: SlotName): Record<string, FileReading> {
    const locations = this.file.locations[slot] ?? [];
    return Object.fromEntries(locations.map(({ path, ...reading }) => [nameOfPath(path), reading]));
  }

  /** Data without a location may already be stored in the browser profile that the runner keeps. */
  async #mustBeStored(slot: SlotName, promised: string | undefined): Promise<void> {
    if (promised === undefined || (await gateway.getDataset(promised))) return;
    const { role, part } = slots[slot];
    throw new AppError({ kind: 'data-missing', role, ...(part ? { part } : {}), contentSha256: promised });
  }

  /** Reads the models that stages and values of a sweep name, if the file says where they are. */
  async stageModels(job: HeadlessJob): Promise<Partial<Record<StageModelSlot, ExperimentModel>>> {
    const { locations, stageModels, swept } = this.file;
    const read: Partial<Record<StageModelSlot, ExperimentModel>> = {};
    for (const slot of stageModelSlots) {
      const location = locations[slot];
      const ofSweep = swept.models.filter((model) => model.slot === slot).map(({ stated }) => stated);
      const [stated] = [...stageModels[slot].values(), ...ofSweep];
      if (location === undefined || !stated) continue;
      const name = job[`${slot}Name`];
      read[slot] = experimentModelOf(await this.model({ slot, name, location, promised: stated.contentSha256 }));
    }
    return read;
  }

  /** Reads a model from the files of a slot or from a hub, or finds the one with the stated hash in storage. */
  async model({ slot, name, location, promised }: ModelPlace): Promise<StoredModel> {
    if (location !== undefined && isHubLocation(location)) return this.#hubModel(location, promised);
    const files = await this.routes.files(this.job, slot);
    if (files.length > 0) {
      const model = await (await gateway.data()).importModel(files, name, this.reports.import);
      // Experiments of earlier versions refer to a model by its former identity.
      const former = promised === undefined ? undefined : await gateway.getModel(promised);
      if (former?.aliasOf === model.contentSha256) return former;
      mustAgree(`${slot}.contentSha256`, promised, model.contentSha256);
      return model;
    }
    const stored = promised === undefined ? undefined : await gateway.getModel(promised);
    if (!stored)
      throw new AppError({ kind: 'model-missing', ...(promised === undefined ? {} : { contentSha256: promised }) });
    return stored;
  }

  /**
   * Reads an ONNX model from the files of a slot or from a hub. A hub is not asked if the graph with the stated hash
   * and pooling is stored. A folder is always read, because its files may have changed.
   */
  async onnxModel({ slot, name, location, promised }: ModelPlace, choice: OnnxChoice): Promise<OnnxModel> {
    const isHub = location !== undefined && isHubLocation(location);
    const stored = isHub && promised !== undefined ? await gateway.getOnnxModel(promised) : undefined;
    if (stored && isChosen(stored, choice)) return stored;
    const data = await gateway.data();
    const fromFolder = async (): Promise<OnnxModel> =>
      data.importOnnx(await this.routes.files(this.job, slot), choice, name, this.reports.import);
    const model = await (isHub ? this.#fetched(location, hubGraph(data, choice)) : fromFolder());
    mustAgree(`${slot}.contentSha256`, promised, model.contentSha256);
    return model;
  }

  /** Fetches the model that the experiment file names, unless its content is already stored in the profile. */
  async #hubModel(location: string, promised: string | undefined): Promise<StoredModel> {
    const stored = promised === undefined ? undefined : await gateway.getModel(promised);
    if (stored) return stored;
    const data = await gateway.data();
    const model = await this.#fetched(location, {
      list: (...rest) => data.listHubModel(...rest),
      fetch: (...rest) => data.fetchHubModel(...rest),
    });
    mustAgree('model.contentSha256', promised, model.contentSha256);
    return model;
  }

  /** Fetches a model from the hub of the job, and reports what is fetched from where. */
  async #fetched<Model extends { contentSha256: string }, Listing extends HubListing>(
    location: string,
    source: HubSource<Model, Listing>,
  ): Promise<Model> {
    const { hubHost = 'huggingface', hubToken = null } = this.job;
    const host = parseHost(hubHost);
    if (!host) throw hubError(hubHosts.huggingface, 'host-invalid', { found: hubHost });
    const named = parseHubLocation(location);
    if (!named) throw hubError(host, 'id-invalid', { found: location });
    const listing = await source.list({ host, ...named }, hubToken);
    const { id, commit, files } = listing;
    const size = formatBytes(listingBytes(listing));
    this.reports.note(`fetching ${id} at commit ${commit} from ${hostLabel(host)}: ${files.length} files, ${size}`);
    const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
    const model = await source.fetch(
      listing,
      hubToken,
      (received, of) => this.reports.download(megabytes(received), megabytes(of)),
      this.reports.import,
    );
    this.reports.note(`fetched ${id}, content hash ${model.contentSha256}`);
    return model;
  }

  async batches(): Promise<string | undefined> {
    const [list] = await this.routes.files(this.job, 'batches');
    return list ? (await (await gateway.data()).importBatchList(list.file)).sha256 : undefined;
  }
}

/** Reads all files of the job into storage. Returns the complete experiment, with every default filled in. */
export async function importInputs(
  routes: JobRoutes,
  job: HeadlessJob,
  reports: InputReports,
): Promise<ImportedInputs> {
  const file = parseExperimentFile(job.experiment);
  const reader = new InputReader(routes, job, file, reports);
  const data = await reader.data();
  const promised = file.model?.contentSha256;
  const place = { slot: 'model', name: job.modelName, location: file.locations.model, promised };
  const model = experimentModelOf(await reader.model(place));
  const stageModels = await reader.stageModels(job);
  const batchesSha256 = await reader.batches();
  const read = {
    data,
    model,
    stageModels,
    ...(batchesSha256 === undefined ? {} : { batchesSha256 }),
  };
  const experiment = fillExperiment(file, read);
  const sweep = fillSweep(file, experiment, read);
  const { leftOut, recognised, titles } = reader;
  const { compare, blend, probe } = file;
  const hash = await experimentHash(experiment);
  return { experiment, experimentHash: hash, leftOut, recognised, compare, sweep, blend, probe, titles };
}
