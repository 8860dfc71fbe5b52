import type { AnswerAt } from '../domain/evaluate/answerAt';
import type { ImportFault, AppErrorDetails } from '../domain/errors';
import type { Experiment } from '../domain/experiment';
import type { FileReading, RememberedReadings } from '../domain/import/fileReading';
import type { Fillings } from '../domain/import/fillings';
import type { HubListing, HubModelId } from '../domain/import/hub';
import type { MappingsByShape } from '../domain/import/mappingStore';
import type { Recognition } from '../domain/import/recognise';
import type { TripletFormat } from '../domain/negatives/triplets';
import type { StoredModel } from '../domain/model';
import type { ProjectContents } from '../domain/project/contents';
import type { DataRole, Dataset } from '../domain/records';
import type { Overlap } from '../domain/split/overlap';
import type { StoredItem, UnusedKind } from '../domain/storage/storedItem';
import type { TextFacts } from '../domain/train/doctor/facts';
import type { TokenSetKeys } from '../domain/tokenize/tokenSets';
import type { CompareApi } from './compareApi';
import type { PairsApi } from './pairsApi';
import type { QuestionsApi } from './questionFigures';
import type { DevTextIds, DevTexts } from './devTexts';
import type { TrainTextIds, TrainTexts } from './trainTexts';
import type { KeywordComparison } from './keywordComparison';
import type { SearchRequest } from './search';
import type { DownloadProgress, FolderFile, Progress } from './folderFile';
import type { OnnxApi } from './onnxApi';
import type { NegativesRow, NegativesView } from './negativesView';
import type { WorkerOptions } from './workerOptions';

export type { DownloadProgress, FolderFile, Progress };

/** A row that was left out, a reference that was ignored, or a note, with its place and the reason. */
export interface RejectedRow {
  file: string;
  /** Line number, only for rows that were just read from a file. */
  line?: number;
  /** Number of the question, counted from 1. Only for stored questions, whose line numbers are not kept. */
  question?: number;
  fault: ImportFault;
  field?: string;
  expected?: string;
  /** Number of rows that the entry stands for, if several were left out together. */
  rows?: number;
}

/** Rows left out, references ignored and notes about rows kept. All are counted; the first 1,000 are listed. */
export interface RejectedRows {
  rejected: RejectedRow[];
  /** Number of rows left out of the data set. */
  rejectedCount: number;
  /** Number of unknown references that were ignored in questions with at least one known reference. */
  ignoredCount: number;
  /** Number of notes: changes to rows that are kept, and columns or texts that no row uses. */
  noteCount: number;
}

export interface ImportReport extends RejectedRows {
  dataset: Dataset;
  /** Format and encoding of the first file. */
  format: Recognition['format'];
  encoding: Recognition['encoding'];
  /** Columns and settings recognised in each file. */
  recognised: Recognition[];
}

/** A training pair whose answer is not a passage of the knowledge base. */
export interface UnknownAnswer {
  /** Position among the pairs, from 0. */
  row: number;
  anchor: string;
  positive: string;
}

export interface SplitCounts {
  train: number;
  /** Number of distinct passages and of distinct anchors in the training pairs. */
  trainPassages: number;
  trainAnchors: number;
  /** Scored pairs to train on; 0 if no stage does. */
  scored: number;
  /** Scored pairs with a sentence that is a dev or test question. Training skips them. */
  scoredLeaks: number;
  dev: number;
  test: number;
  /** Questions of each part that the knowledge base has no answer to. */
  unanswered: { dev: number; test: number };
  /** Pairs with the same question as a dev or test question: character by character, or only after normalisation. */
  leaks: { exact: number; normalised: number };
  /** Whether leaking pairs are trained on anyway, because a listed batch order names its rows. */
  listedBatches: boolean;
  /** Dev questions left out because test has them too. */
  devInTest: number;
  /** Training pairs that nearly repeat a test question. `removed`: whether they are left out of `train`. */
  nearDuplicates: { count: number; removed: boolean };
  /** The same for scored pairs, of which either sentence may repeat the question. `removed`: left out of `scored`. */
  scoredNearDuplicates: { count: number; removed: boolean };
  /** Training pairs whose answer is not in the knowledge base. They are still trained on. */
  unknownAnswers: number;
  /** The first 1,000 of each kind, with long texts cut. */
  listed: { overlaps: Overlap[]; unknownAnswers: UnknownAnswer[] };
}

/** An experiment of a project file that differs from the one stored here under the same id. */
export interface ProjectConflict {
  experimentId: string;
  name: string;
  /** Whether the experiment itself differs. */
  edited: boolean;
  /** Number of the experiment's runs that differ. */
  runs: number;
}

/** Returns the ids of the experiments to add copies of, or null to add nothing at all. */
export type ChooseCopies = (conflicts: ProjectConflict[]) => Promise<string[] | null>;

export interface OpenedProject {
  experiments: number;
  runs: number;
  /** Content that was left out of the file, and content that the opened experiments lack. */
  warnings: AppErrorDetails[];
}

export interface ProjectChoice {
  experimentIds: string[];
  /**
   * Whether to save the data for resuming runs. Without it, a finished run has only the weights that it keeps, and
   * unfinished runs are left out.
   */
  optimizerState: boolean;
}

export interface SavedProject {
  zip: Blob;
  fileName: string;
  /** Runs and inputs that were left out of the file. */
  warnings: AppErrorDetails[];
}

/** The user's choices for the files of an import. */
export interface ColumnChoices {
  /** Mappings of columns to fields, by the shape of the files that they apply to. */
  mappings?: MappingsByShape;
  /** Encodings, sheets and columns of single files, by file name. They take precedence over choices by shape. */
  files?: Readonly<Record<string, FileReading>>;
  /** Encodings and sheets chosen earlier for similar files. */
  readings?: RememberedReadings;
}

interface ImportOptions extends ColumnChoices {
  /** Columns of ids that a survey found by their values, by file name. Columns chosen by the user take precedence. */
  idColumns?: Readonly<Record<string, string>>;
  /** contentSha256 of the knowledge base that the pairs or questions refer to. */
  knowledgeBase?: string;
  /** Whether to keep pairs without a question, because a batch list refers to pairs by position. */
  keepEmptyAnchors?: boolean;
}

/** The slots that files can fill. Files are identified by their position in the request. */
export interface Survey extends Fillings {
  unreadable: { file: number; error: AppErrorDetails }[];
  /** Whether a file serves several slots, or files belong together as questions, passages and judgements. */
  together: boolean;
}

export interface ExportRequest {
  runId: string;
  /** Share of the tuned weights in a blend with those of the base model. Absent for the tuned weights themselves. */
  ratio?: number;
  /**
   * Texts and their vectors, computed by the app from the exported weights. The re-opened export must reproduce them.
   */
  reference: { texts: string[]; vectors: Float32Array[] };
  /** Whether to write one zip for download, or separate files, which need no checksums. */
  as: 'zip' | 'files';
}

export interface ExportReport {
  /** Null if separate files were requested. */
  zip: Blob | null;
  fileName: string;
  files: { path: string; blob: Blob }[];
  /**
   * Agreement between the vectors of the reopened export and the app's: smallest cosine, largest absolute difference.
   */
  check: { cosine: number; maxAbs: number; texts: number };
  /** Whether the pooler may be missing only because an earlier version imported the model and did not keep it. */
  poolerNotKept: boolean;
  /**
   * Whether the adapters of a LoRA stage are also exported separately. With several stages they would not fit the base
   * model; with a blend they would not produce its weights. Null if no stage trained with LoRA.
   */
  adapter: 'included' | 'several-stages' | 'blended' | null;
  /** SHA-256 of the exported weights. */
  weightsSha256: string;
}

/** API of the data worker. Callbacks are comlink proxies and buffers are transferred. Every failure is an AppError. */
export interface DataApi extends CompareApi, OnnxApi, PairsApi, QuestionsApi {
  /** Configures the worker. Call it first, and only once. */
  configure(options: WorkerOptions): Promise<void>;
  importDataset(files: File[], role: DataRole, progress: Progress, options?: ImportOptions): Promise<ImportReport>;
  /** Recognises the columns of files without importing them. */
  recogniseFiles(files: File[], role: DataRole, choices: ColumnChoices): Promise<Recognition[]>;
  /**
   * Finds the slots that files can fill, without importing the files. With `onlySeveral`, a single file for a single
   * slot gets no fillings, and only its beginning is read.
   */
  surveyFiles(
    files: FolderFile[],
    onlySeveral: boolean,
    readings: RememberedReadings,
    progress: Progress,
  ): Promise<Survey>;
  /** Checks stored questions against a knowledge base. `kept` is null if no question refers to one of its passages. */
  checkQuestions(questions: string, knowledgeBase: string): Promise<RejectedRows & { kept: Dataset | null }>;
  /** Counts the titles of a knowledge base that an earlier version stored without counting. Returns its new record. */
  countTitles(knowledgeBase: string): Promise<Dataset>;
  /** Imports a model. Reports progress in bytes of the weights. */
  importModel(files: FolderFile[], name: string, progress: Progress): Promise<StoredModel>;
  /** Imports the demo model that comes with the page. Reports bytes of the weights as they are stored. */
  importDemoModel(baseUrl: string, progress: Progress): Promise<StoredModel>;
  /**
   * Asks a hub which files of a model the import needs. This contacts the host, so call it only at the user's request.
   * The token goes to this host only and is never stored.
   */
  listHubModel(model: HubModelId, token: string | null): Promise<HubListing>;
  /**
   * Fetches the files of a listing, checks them and imports the model. Continues a stored download of the same commit.
   * Throws `cancelled` if `stopHubDownload` is called meanwhile; the bytes that have arrived stay stored.
   */
  fetchHubModel(
    listing: HubListing,
    token: string | null,
    progress: DownloadProgress,
    importing: Progress,
  ): Promise<StoredModel>;
  stopHubDownload(): Promise<void>;
  /** Deletes a stored download. Throws `hub-failed` while a download is in progress. */
  deleteDownload(download: { downloadId: string; listing: HubListing }): Promise<void>;
  /** Counts train, dev and test, and lists their overlaps. Uses the same split function as a run. */
  countSplit(experiment: Experiment, progress: Progress): Promise<SplitCounts>;
  /**
   * Returns a description of a stage's explicit negatives, and samples to judge. Rejects with `negatives-not-mined` if
   * they are not mined yet.
   */
  viewNegatives(experiment: Experiment, stageIndex: number): Promise<NegativesView>;
  /** Returns pairs of a stage with their negatives, from position `first` on. */
  listNegatives(
    experiment: Experiment,
    stageIndex: number,
    page: { first: number; count: number },
  ): Promise<NegativesRow[]>;
  /** Returns a file of all pairs of a stage with their negatives. */
  exportTriplets(experiment: Experiment, stageIndex: number, format: TripletFormat): Promise<Blob>;
  /** Reads all texts for the checks before a run. Creates the token sets that are missing. */
  examineTexts(experiment: Experiment, progress: Progress): Promise<TextFacts>;
  /** Returns the beginnings of dev questions and passages of a run's experiment. */
  devTexts(experiment: Experiment, ids: DevTextIds): Promise<DevTexts>;
  /** Returns the beginnings of the texts of a stage's rows, by id. */
  trainTexts(experiment: Experiment, stage: number, ids: TrainTextIds): Promise<Map<string, TrainTexts>>;
  /**
   * Compares a run's evaluations before and after training on test, or on a probe set, at each cut-off; null until
   * both are stored.
   */
  compareRun(runId: string, ks: readonly number[], probeSha256?: string): Promise<AnswerAt[] | null>;
  /**
   * Answers a run's test questions by keywords and compares the trained model with them at each cut-off. Throws
   * `data-missing` if the questions or the knowledge base were deleted.
   */
  compareWithKeywords(runId: string, ks: readonly number[], progress: Progress): Promise<KeywordComparison>;
  importBatchList(file: File): Promise<{ sha256: string; steps: number; batchSize: number }>;
  /** Imports the demo from public/demo, stores its experiment as `name` and returns the experiment's id. */
  prepareDemo(baseUrl: string, name: string, progress: Progress): Promise<{ experimentId: string }>;
  /**
   * Stores the demo's knowledge base and model for `searchPassages`, unless they are stored, and returns these inputs
   * of the search. Reports bytes of the weights; `of` is 0 if the server states no size. Throws `cancelled` after
   * `cancelDemoSearch`.
   */
  prepareDemoSearch(baseUrl: string, progress: Progress): Promise<Pick<SearchRequest, 'knowledgeBase' | 'model'>>;
  cancelDemoSearch(): Promise<void>;
  /** Creates the token sets that are missing and returns the keys of all of the experiment's sets. */
  tokenize(experiment: Experiment, progress: Progress): Promise<TokenSetKeys>;
  /** Returns the token ids of a few texts without storing them. Used to check the export. */
  tokenIdsOf(modelSha256: string, texts: string[], maxTokens: number, tokens?: string[]): Promise<number[][]>;
  exportModel(request: ExportRequest, progress: Progress): Promise<ExportReport>;
  /** Lists the contents of storage, after deleting leftovers of crashes. */
  storageUse(): Promise<StoredItem[]>;
  /** Deletes stored items. If something uses one of them by now, deletes nothing and returns false. */
  deleteUnused(kind: UnusedKind, ids: string[]): Promise<boolean>;
  /** Measures the size of each experiment's project file. Deleted experiments are not listed. */
  measureProject(): Promise<ProjectContents[]>;
  saveProject(choice: ProjectChoice, progress: Progress): Promise<SavedProject>;
  /**
   * Opens a project file. Throws `cancelled` if `choose` returns null. After this or any other error, nothing was
   * added.
   */
  openProject(file: File, choose: ChooseCopies, progress: Progress): Promise<OpenedProject>;
}
