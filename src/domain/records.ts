/**
 * Columns that a later stage groups rows by: to split by topic or document, and to compare results topic by topic.
 * `document` is the document that a text comes from, and `chunk` the place in it.
 */
export const keptFields = ['topic', 'document', 'chunk'] as const;
export type KeptField = (typeof keptFields)[number];
export type KeptValues = Partial<Record<KeptField, string>>;

/** Fields of every row, whatever its role. */
interface RowBase {
  /** Unique within the data set. */
  id: string;
  /** Not part of the content hash, so data sets stored before these columns were kept have the same hash. */
  kept?: KeptValues;
}

/** A passage of the knowledge base. */
export interface Passage extends RowBase {
  text: string;
  title?: string;
}

export const hasTitle = ({ title }: Passage): boolean => title !== undefined && title.trim() !== '';

/** Returns the text of a passage that is encoded. A title is joined as BEIR does: title, space, text. */
export function encodedText(passage: Passage, joinTitles: boolean): string {
  return joinTitles && hasTitle(passage) ? `${passage.title} ${passage.text}` : passage.text;
}

/** A training pair: a query and a passage that answers it. */
export interface Pair extends RowBase {
  anchor: string;
  positive: string;
  /** Passages that do not answer the query, if the file has any. A stage uses them if its settings say so. */
  negatives?: string[];
  /** A teacher's scores of the query with the positive and with each negative, in this order, if the file has them. */
  teacherScores?: number[];
}

/**
 * The largest teacher score, up or down. Scores are only compared with each other, and beyond it single precision can't
 * tell them apart.
 */
export const largestTeacherScore = 1e6;

/** An evaluation question. */
export interface Question extends RowBase {
  text: string;
  /** Ids of the passages that answer the question. Until the split resolves them, these may also be passage texts. */
  relevant: string[];
}

export interface ScoredPair extends RowBase {
  sentence1: string;
  sentence2: string;
  score: number;
}

export const dataRoles = ['knowledgeBase', 'pairs', 'questions', 'scoredPairs'] as const;
export type DataRole = (typeof dataRoles)[number];
/** Dev questions choose the checkpoint; test questions are evaluated only before and after training. */
export type QuestionPart = 'dev' | 'test';

export interface RowOf {
  knowledgeBase: Passage;
  pairs: Pair;
  questions: Question;
  scoredPairs: ScoredPair;
}
export type Row = RowOf[DataRole];

/** The kept columns of a data set. */
export interface KeptSummary {
  /**
   * SHA-256 of the kept values of all rows, with one line of canonical JSON per row. The rows' own hash leaves them
   * out.
   */
  sha256: string;
  /** How many rows have a value, and how many different values there are. */
  fields: { field: KeptField; rows: number; values: number }[];
}

/**
 * A file that a data set was read from, and the user's settings for it, in the form of `locations` in an experiment
 * file. Settings that were recognised, not chosen, are left out, because they will be recognised again.
 */
export interface SourceFile {
  path: string;
  /** Column or columns of each field. */
  columns?: Record<string, string | string[]>;
  sheet?: string;
  encoding?: string;
  delimiter?: string;
}

/** A stored data set. Its rows are stored under `contentSha256` in hashed blocks of `rowsPerBlock`. */
export interface Dataset {
  contentSha256: string;
  role: DataRole;
  name: string;
  rows: number;
  characters: number;
  /** Passages with a title. Absent in knowledge bases stored before titles were counted, and for other roles. */
  titles?: number;
  createdAt: number;
  /** Absent if no row has a kept column. If the same rows are imported again, the last import decides. */
  kept?: KeptSummary;
  /** Absent in data sets stored before source files were recorded. */
  sources?: SourceFile[];
}
/** Rows per stored block, so that a page of rows can be read without loading the whole data set. */
export const rowsPerBlock = 1000;
