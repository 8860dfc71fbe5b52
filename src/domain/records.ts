/** A passage of the knowledge base. Row ids of all roles are unique within their data set. */
export interface Passage {
  id: string;
  text: string;
  title?: string;
}

export const hasTitle = ({ title }: Passage): boolean => title !== undefined && title.trim() !== '';

/** Returns the text of a passage that is encoded. A title is joined as BEIR does: title, space, text. */
export function encodedText(passage: Passage, joinTitles: boolean): string {
  return joinTitles && hasTitle(passage) ? `${passage.title} ${passage.text}` : passage.text;
}

/** A training pair: a query and a passage that answers it. */
export interface Pair {
  id: string;
  anchor: string;
  positive: string;
  /** Passages that do not answer the query, if the file has any. Training does not use them yet. */
  negatives?: string[];
}

/** An evaluation question. */
export interface Question {
  id: string;
  text: string;
  /** Ids of the passages that answer the question. Until the split resolves them, these may also be passage texts. */
  relevant: string[];
}

export interface ScoredPair {
  id: string;
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
}
/** Rows per stored block, so that a page of rows can be read without loading the whole data set. */
export const rowsPerBlock = 1000;
