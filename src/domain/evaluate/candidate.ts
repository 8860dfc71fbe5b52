import { canonicalJson } from '../canonicalJson';
import type { ExperimentModel } from '../experiment';

/**
 * Weights to encode texts with: a stored base model's, those that a finished run keeps and exports, or the run's last
 * ones if it keeps those of an earlier step.
 */
export type DenseCandidate =
  { kind: 'base'; model: ExperimentModel } | { kind: 'run'; runId: string; weights: 'kept' | 'last' };

/** A way to search: a model, keywords (BM25), or the fused rankings of both. */
export type Candidate = DenseCandidate | { kind: 'keywords' } | { kind: 'fused'; dense: DenseCandidate };

/** Returns an id that is the same for equal candidates. */
export function candidateId(candidate: Candidate): string {
  return canonicalJson(candidate);
}

/** Returns the model that a candidate encodes with, or null if it searches by keywords only. */
export function denseOf(candidate: Candidate): DenseCandidate | null {
  if (candidate.kind === 'fused') return candidate.dense;
  return candidate.kind === 'keywords' ? null : candidate;
}
