import type { AppErrorDetails } from '../errors';
import type { Experiment } from '../experiment';

/** Why a run ended before its last step. */
export interface EarlyStop {
  /** The last step. */
  step: number;
  /** The step of the best dev evaluation. */
  bestStep: number;
  /** Dev evaluations since then. */
  evaluations: number;
}

/** The part of the training loop's state that decides when to stop. Both fields are absent without early stopping. */
export interface EarlyStopState {
  /** Dev evaluations since the best one. */
  sinceBest?: number;
  /** Whether training has stopped early. */
  stopped?: true;
}

/** Returns the error for an early stop without dev evaluations during training, or null. */
export function earlyStopRefusal(
  { evaluation }: Pick<Experiment, 'evaluation'>,
  devQuestions: number,
): AppErrorDetails | null {
  if (!evaluation.earlyStop) return null;
  if (evaluation.devEverySteps === 0) return { kind: 'early-stop-without-dev', lacks: 'interval' };
  return devQuestions === 0 ? { kind: 'early-stop-without-dev', lacks: 'questions' } : null;
}

/** Returns the evaluation settings with another patience; 0 turns early stopping off. */
export function withPatience(evaluation: Experiment['evaluation'], patience: number): Experiment['evaluation'] {
  const { earlyStop: _, ...rest } = evaluation;
  return patience === 0 ? rest : { ...rest, earlyStop: { patience } };
}
