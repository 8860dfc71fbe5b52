import type { EngineCandidate } from '../domain/evaluate/candidate';

export interface MapRequest {
  experimentId: string;
  candidate: EngineCandidate;
  /** Whether to compute a map that is not stored. */
  compute: boolean;
}

/** Progress of a map: weights and texts, neighbours, epochs of the projection, and passages that are placed. */
export interface MapProgress {
  what: 'load' | 'encode' | 'neighbours' | 'project' | 'place';
  done: number;
  of: number;
}

/** The map of a knowledge base and its dev questions by one model. */
export interface MapView {
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
