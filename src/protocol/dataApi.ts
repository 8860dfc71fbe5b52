import type { ImportFault, AppErrorDetails } from '../domain/errors';
import type { Experiment } from '../domain/experiment';
import type { StoredModel } from '../domain/model';
import type { DataRole, Dataset } from '../domain/records';
import type { WorkerOptions } from './locks';

/** A row that was left out, and why: file, place and fault are enough for a sentence. */
export interface RejectedRow {
  file: string;
  line: number;
  fault: ImportFault;
  field?: string;
}

export interface ImportReport {
  dataset: Dataset;
  rejected: RejectedRow[];
  /** All rejected rows are counted, only the first 1,000 are listed. */
  rejectedCount: number;
  format: 'jsonl' | 'json' | 'csv' | 'txt' | 'literal';
  encoding: string;
}

export interface SplitCounts {
  train: number;
  dev: number;
  test: number;
  /** Pairs that ask the same as a dev or test question. */
  leaks: number;
}

export type Progress = (done: number, of: number) => void;

export interface ImportOptions {
  /** Its contentSha256, where pairs name their positive by its id instead of its text. */
  knowledgeBase?: string;
  /** Pairs that a batch list names by their place: rows without a question stay. */
  keepEmptyAnchors?: boolean;
}

/** A file of a model folder with its path below the folder. */
export interface FolderFile {
  path: string;
  file: File;
}

export interface ExportRequest {
  runId: string;
  /** The app's own vectors of `texts` by the weights that are exported; the opened file must give the same. */
  reference: { texts: string[]; vectors: Float32Array[] };
}

export interface ExportReport {
  zip: Blob;
  fileName: string;
  files: { path: string; bytes: number }[];
  /** Smallest cosine and largest absolute difference between the re-opened file's vectors and the app's. */
  check: { cosine: number; maxAbs: number; texts: number };
}

/** What the data worker does. Callbacks through comlink's proxy, buffers by transfer; every failure is an AppError. */
export interface DataApi {
  /** Called once, first. */
  configure(options: WorkerOptions): Promise<void>;
  importDataset(files: File[], role: DataRole, progress: Progress, options?: ImportOptions): Promise<ImportReport>;
  /** Questions whose passages are not in the knowledge base: checked when both are chosen. */
  checkQuestions(
    questions: string,
    knowledgeBase: string,
  ): Promise<{ kept: Dataset; rejected: RejectedRow[]; rejectedCount: number }>;
  importModel(files: FolderFile[], name: string, progress: Progress): Promise<StoredModel>;
  /** How the experiment's data fall into train, dev and test, by the function that the run uses. */
  countSplit(experiment: Experiment): Promise<SplitCounts>;
  importBatchList(file: File): Promise<{ sha256: string; steps: number; batchSize: number }>;
  /** Imports what lies under public/demo; stores an experiment and returns its id. */
  prepareDemo(baseUrl: string, progress: Progress): Promise<{ experimentId: string }>;
  /** Token sets that the experiment needs, made where missing; returns their keys. */
  tokenize(experiment: Experiment, progress: Progress): Promise<TokenKeys>;
  /** Token ids of a few texts, not stored: for the export's check. */
  tokenizeTexts(modelSha256: string, texts: string[], maxTokens: number): Promise<number[][]>;
  exportModel(request: ExportRequest, progress: Progress): Promise<ExportReport>;
  saveProject(progress: Progress): Promise<{ zip: Blob; fileName: string }>;
  openProject(file: File, progress: Progress): Promise<{ experiments: number; warnings: AppErrorDetails[] }>;
}

/** Token set keys, by what they hold. Rows in the order of the stored data. */
export interface TokenKeys {
  anchors: string;
  positives: string;
  corpus: string;
  devQuestions: string;
  testQuestions: string;
}
