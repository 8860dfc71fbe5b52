import type { EngineCandidate } from '../domain/evaluate/candidate';
import type { SpeedPlan } from '../domain/evaluate/speed';

export interface SpeedRequest {
  experimentId: string;
  /** The models that take turns. */
  candidates: readonly EngineCandidate[];
  plan: SpeedPlan;
}

/** What a measurement is doing: encoding texts of `size` tokens, searching `size` vectors, or answering questions. */
export interface SpeedProgress {
  what: 'load' | 'encode' | 'search' | 'questions';
  /** The model that is measured; null while synthetic vectors are searched. */
  id: string | null;
  size: number;
  /** Fraction of the measurement that is done. */
  share: number;
  /** Estimated milliseconds left; null while they are unknown. */
  leftMs: number | null;
}
