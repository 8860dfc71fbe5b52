import type { Vectors } from '../../engine/retrieval/vectors';
import type { TeacherScores } from './teacherScores';

/** Unit vectors of the texts that a stage trains on, by a frozen model: its guide or its teacher. */
export interface StageGuide {
  /** One per training row. */
  anchors: Vectors;
  positives: Vectors;
  /** One per text of the negatives' pool, but only chosen texts are encoded. Null for a stage without negatives. */
  negatives: Vectors | null;
}

/** The constant targets of a stage's loss: a guide's vectors, or a teacher's scores. */
export interface FrozenTargets {
  guide?: StageGuide;
  teacherScores?: TeacherScores;
}
