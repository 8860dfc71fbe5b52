/** Why a model cannot be compared. */
export type CompareFault =
  /** Vectors have numbers that are not finite: `texts` of `of` passages and questions. */
  { kind: 'vectors-not-finite'; texts: number; of: number };
