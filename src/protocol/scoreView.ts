import type { DenseCandidate } from '../domain/evaluate/candidate';
import type { ScoreHistograms } from '../domain/evaluate/questionScores';
import type { ChosenThreshold, Curves, ThresholdFigures } from '../domain/evaluate/threshold';
import type { QuestionPart } from '../domain/records';

/**
 * The models whose scores are shown: an experiment's base model and the model that a run trained, on the run's data.
 */
export interface ScoreOwner {
  experimentId: string;
  /** Null before the first run is done. */
  runId: string | null;
}

/** A question, and whether a threshold answers or rejects it. */
export interface ThresholdRow {
  questionId: string;
  text: string;
  /** The passage that ranks first. */
  passage: string;
  score: number;
  right: boolean;
  answerable: boolean;
}

/** The scores of a model on one part of the questions. */
export interface PartScores {
  histograms: ScoreHistograms;
  /** Null if all first passages are right, or none is. Points are thinned out for drawing. */
  curves: Curves | null;
  /** Outcomes of the threshold on these questions; null if there is no threshold. */
  figures: ThresholdFigures | null;
  /** All questions, highest score first. */
  rows: ThresholdRow[];
}

export interface ScoredModel {
  candidate: DenseCandidate;
  moment: 'before' | 'after';
  /** The threshold that the rule chooses on dev; null if none satisfies it, or if dev has no scores yet. */
  threshold: number | null;
  /** Null if the scores are not computed yet. */
  parts: Record<QuestionPart, PartScores | null>;
  /** The threshold stored with the run's evaluation. */
  kept: ChosenThreshold | null;
}

export interface ScoreView {
  models: ScoredModel[];
  /** Number of questions of each part, with and without an answer. Null if the part has no questions. */
  questions: Record<QuestionPart, { answered: number; unanswered: number } | null>;
}
