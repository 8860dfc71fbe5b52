/** What the product's rows are, under the field's names. Every id is unique within its data set. */
export interface Passage {
  id: string;
  text: string;
  title?: string;
}

/** A training pair: the query side and the passage that answers it. */
export interface Pair {
  id: string;
  anchor: string;
  positive: string;
}

/** A question with the passages of the knowledge base that answer it. */
export interface Question {
  id: string;
  text: string;
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
/** Questions belong to a part: dev chooses checkpoints, test is read before and after only. */
export type QuestionPart = 'dev' | 'test';

export interface RowOf {
  knowledgeBase: Passage;
  pairs: Pair;
  questions: Question;
  scoredPairs: ScoredPair;
}
export type Row = RowOf[DataRole];

/** A stored data set: its rows lie in hashed blocks of `rowsPerBlock`, under `contentSha256`. */
export interface Dataset {
  contentSha256: string;
  role: DataRole;
  name: string;
  rows: number;
  characters: number;
  createdAt: number;
}
export const rowsPerBlock = 1000;
