/** Why a model, or the results of an earlier command, cannot be compared. */
export type CompareFault =
  /** `texts` of the `of` passages and questions have vectors with numbers that are not finite. */
  | { kind: 'vectors-not-finite'; texts: number; of: number }
  /** A folder's metrics.json has no test results of a single run, or its experiment is invalid at the path `at`. */
  | { kind: 'results-invalid'; folder: string; at?: string }
  /** Two folders have results on other questions or another knowledge base. */
  | { kind: 'results-differ'; folder: string; first: string; slot: 'knowledgeBase' | 'testQuestions' };
