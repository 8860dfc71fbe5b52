import type { Vectors } from '../../engine/retrieval/vectors';

/** A guide's unit vectors of the texts that a stage trains on. */
export interface StageGuide {
  /** One per training row. */
  anchors: Vectors;
  positives: Vectors;
  /** One per text of the negatives' pool; only those of chosen ones are encoded. Null for a stage without negatives. */
  negatives: Vectors | null;
}
