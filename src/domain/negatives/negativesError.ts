/** The details of errors about the explicit negatives of a stage. */
export type NegativesError =
  /** A stage uses imported negatives, but no pair has any. */
  | { kind: 'no-negatives' }
  /** Only `found` texts can be negatives of a question that needs `perAnchor`. */
  | { kind: 'too-few-negatives'; question: string; found: number; perAnchor: number }
  /** A stage uses mined negatives that are not mined yet. */
  | { kind: 'negatives-not-mined'; stage: number }
  /** An interrupted run cannot resume, because its negatives would now be different. */
  | { kind: 'negatives-changed' };
