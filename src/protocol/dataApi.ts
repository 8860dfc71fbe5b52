import type { ImportFault, AppErrorDetails } from '../domain/errors';
import type { Experiment } from '../domain/experiment';
import type { StoredModel } from '../domain/model';
import type { DataRole, Dataset } from '../domain/records';
import type { TokenKeys } from '../domain/tokenize/tokenKeys';
import type { WorkerOptions } from './locks';

/** A row that was left out or a reference that was ignored, and why: file, place and fault are enough for a sentence. */
export interface RejectedRow {
  file: string;
  /** Where the file was just read; of stored rows only their number is known. */
  line?: number;
  question?: number;
  fault: ImportFault;
  field?: string;
  expected?: string;
}

/** What was not taken. All are counted, the first 1,000 are listed. */
export interface LeftOut {
  rejected: RejectedRow[];
  /** Rows that are not in the data set. */
  rejectedCount: number;
  /** References to passages that are not there, of questions that are in the data set for their other ones. */
  ignoredCount: number;
}

export interface ImportReport extends LeftOut {
  dataset: Dataset;
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
  /** Its contentSha256: pairs may name their positives by its ids, and questions are looked up in it. */
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
  /** Stored questions looked up in a knowledge base; `kept` is null where none names a passage of it. */
  checkQuestions(questions: string, knowledgeBase: string): Promise<LeftOut & { kept: Dataset | null }>;
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
