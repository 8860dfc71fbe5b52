import type { BatchShape } from '../../../src/domain/memory/report';
import type { EvaluationShape } from './evaluationMemory';

/** Everything that a stage has to fit in memory: its training batches and the evaluations between steps. */
export interface StageShape extends BatchShape {
  evaluation?: EvaluationShape;
}
