import type { BatchShape } from '../../../src/domain/memory/report';
import type { EvaluationShape } from './evaluationMemory';
import type { GuideShape } from './guideMemory';

/** Everything in a stage that must fit in memory: its training batches and the evaluations between steps. */
export interface StageShape extends BatchShape {
  evaluation?: EvaluationShape;
  /** The guide or teacher of the stage. */
  guide?: GuideShape | undefined;
}
