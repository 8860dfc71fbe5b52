/** Why a model, or the results of an earlier command, cannot be compared. */
export type CompareFault =
  /** Vectors have numbers that are not finite: `texts` of `of` passages and questions. */
  | { kind: 'vectors-not-finite'; texts: number; of: number }
  /** transformers.js could not load or run the model `model`, or (`reason` null) it gives no vectors of tokens. */
  | { kind: 'onnx-failed'; model: string; reason: string | null }
  /** The metrics.json of a folder has no test results of a single run, or its experiment is invalid at a path. */
  | { kind: 'results-invalid'; folder: string; at?: string }
  /** Two folders have results on other questions or another knowledge base. */
  | { kind: 'results-differ'; folder: string; first: string; slot: 'knowledgeBase' | 'testQuestions' };
