import type { EngineCandidate } from '../domain/evaluate/candidate';

export interface MapRequest {
  experimentId: string;
  candidate: EngineCandidate;
}

/**
 * Progress of a map: weights and texts, neighbours, epochs of the projection, and passages that are placed. `of` is 0
 * while the length is unknown.
 */
export interface MapProgress {
  what: 'load' | 'encode' | 'neighbours' | 'project' | 'place';
  done: number;
  of: number;
}

/** The map of a knowledge base and its dev questions by one model. */
export interface MapView {
  /** Equal for equal maps: depends on the model, the texts with their ids, the topics and the device. */
  key: string;
  /** [n, 2]: positions of the passages, then those of the questions. */
  positions: Float32Array;
  /** Ids of the passages that are on the map. */
  passages: string[];
  questions: { id: string; text: string; topic: string | null }[];
  /** Points that UMAP has projected; the others were placed by their neighbours. */
  projected: number;
  /** Passages that are not on the map. */
  leftOut: number;
}
