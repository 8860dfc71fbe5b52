import type { ImportFault, AppErrorDetails } from '../domain/errors';
import type { Experiment } from '../domain/experiment';
import type { MappingsByShape } from '../domain/import/mapping';
import type { Recognition } from '../domain/import/recognise';
import type { StoredModel } from '../domain/model';
import type { DataRole, Dataset } from '../domain/records';
import type { TokenKeys } from '../domain/tokenize/tokenKeys';
import type { WorkerOptions } from './locks';

/** A row that was left out or a reference that was ignored, with its place and the reason. */
export interface RejectedRow {
  file: string;
  /** Set for rows just read from a file. */
  line?: number;
  /** Set for stored questions, whose lines are not stored. Counted from 1. */
  question?: number;
  fault: ImportFault;
  field?: string;
  expected?: string;
}

/** Rows left out and references ignored. All are counted; the first 1,000 are listed. */
export interface LeftOut {
  rejected: RejectedRow[];
  /** Number of rows left out of the data set. */
  rejectedCount: number;
  /** Number of unknown references of questions that are kept for their other references. */
  ignoredCount: number;
}

export interface ImportReport extends LeftOut {
  dataset: Dataset;
  /** Of the first file. */
  format: Recognition['format'];
  encoding: Recognition['encoding'];
  /** What was recognised in each file. */
  recognised: Recognition[];
}

export interface SplitCounts {
  train: number;
  dev: number;
  test: number;
  /** Pairs with the same question as a dev or test question. */
  leaks: number;
}

export type Progress = (done: number, of: number) => void;

/** What the user chose for the files of an import. */
export interface ColumnChoices {
  /** Mappings of columns to fields, by the shape of the files that they apply to. */
  mappings?: MappingsByShape;
  /** Sheets of workbooks, by file name. */
  sheets?: Readonly<Record<string, string>>;
}

export interface ImportOptions extends ColumnChoices {
  /** contentSha256 of the knowledge base that pairs and questions refer to. */
  knowledgeBase?: string;
  /** Keeps pairs without a question, because a batch list refers to pairs by position. */
  keepEmptyAnchors?: boolean;
}

/** A file of a model folder, with its path relative to the folder. */
export interface FolderFile {
  path: string;
  file: File;
}

export interface ExportRequest {
  runId: string;
  /** Vectors of `texts` computed by the app from the exported weights. The re-opened file must reproduce them. */
  reference: { texts: string[]; vectors: Float32Array[] };
}

export interface ExportReport {
  zip: Blob;
  fileName: string;
  files: { path: string; bytes: number }[];
  /** Smallest cosine and largest absolute difference between the re-opened file's vectors and the app's. */
  check: { cosine: number; maxAbs: number; texts: number };
}

/** API of the data worker. Callbacks are comlink proxies, buffers are transferred, and every failure is an AppError. */
export interface DataApi {
  /** Always the first call; made once per worker. */
  configure(options: WorkerOptions): Promise<void>;
  importDataset(files: File[], role: DataRole, progress: Progress, options?: ImportOptions): Promise<ImportReport>;
  /** Recognises the columns of files without importing them. */
  recogniseFiles(files: File[], role: DataRole, choices: ColumnChoices): Promise<Recognition[]>;
  /** Looks up stored questions in a knowledge base. `kept` is null if no question refers to a passage in it. */
  checkQuestions(questions: string, knowledgeBase: string): Promise<LeftOut & { kept: Dataset | null }>;
  importModel(files: FolderFile[], name: string, progress: Progress): Promise<StoredModel>;
  /** Counts train, dev and test, using the same split function as a run. */
  countSplit(experiment: Experiment): Promise<SplitCounts>;
  importBatchList(file: File): Promise<{ sha256: string; steps: number; batchSize: number }>;
  /** Imports the demo from public/demo, stores its experiment and returns the id. */
  prepareDemo(baseUrl: string, progress: Progress): Promise<{ experimentId: string }>;
  /** Creates the token sets that the experiment is missing, and returns the keys of all. */
  tokenize(experiment: Experiment, progress: Progress): Promise<TokenKeys>;
  /** Returns the token ids of a few texts without storing them, for checking the export. */
  tokenizeTexts(modelSha256: string, texts: string[], maxTokens: number): Promise<number[][]>;
  exportModel(request: ExportRequest, progress: Progress): Promise<ExportReport>;
  saveProject(progress: Progress): Promise<{ zip: Blob; fileName: string }>;
  openProject(file: File, progress: Progress): Promise<{ experiments: number; warnings: AppErrorDetails[] }>;
}
