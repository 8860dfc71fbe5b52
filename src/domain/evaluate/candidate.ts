import { canonicalJson } from '../canonicalJson';
import type { ExperimentModel } from '../experiment';

/**
 * Weights that the engine encodes texts with: those of a stored base model; those that a finished run keeps and
 * exports, or its last ones if it keeps earlier ones; or a blend, `ratio` · kept weights + (1 − `ratio`) · base
 * weights.
 */
export type EngineCandidate =
  | { kind: 'base'; model: ExperimentModel }
  | { kind: 'run'; runId: string; weights: 'kept' | 'last' }
  | { kind: 'blend'; runId: string; ratio: number };

/** A model that encodes texts, in the engine or in transformers.js. */
export type DenseCandidate = EngineCandidate | { kind: 'onnx'; model: ExperimentModel };

/** A way to search that answers while one types: a model of the engine, or keywords (BM25). */
export type PlaygroundCandidate = EngineCandidate | { kind: 'keywords' };

/** A way to search: a model, keywords, or the fused rankings of both. */
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

export function isEngineCandidate(candidate: Candidate): candidate is EngineCandidate {
  return isPlaygroundCandidate(candidate) && candidate.kind !== 'keywords';
}

export function isPlaygroundCandidate(candidate: Candidate): candidate is PlaygroundCandidate {
  return candidate.kind !== 'fused' && candidate.kind !== 'onnx';
}
