import type { DenseCandidate } from '../domain/evaluate/candidate';
import type { ScoreHistograms } from '../domain/evaluate/questionScores';
import type { ChosenThreshold, Curves, ThresholdFigures } from '../domain/evaluate/threshold';
import type { QuestionPart } from '../domain/records';

/** Whose scores are looked at: an experiment's base model, and the model that a run trained, on the run's data. */
export interface ScoreOwner {
  experimentId: string;
  /** Null before the first run is done. */
  runId: string | null;
}

/** A question as a threshold treats it. */
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
  /** What the threshold does here; null if there is none. */
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
  /** The threshold that is kept with the run's evaluation. */
  kept: ChosenThreshold | null;
}

export interface ScoreView {
  models: ScoredModel[];
  /** Questions of each part, and those without an answer. Null if the part has no questions. */
  questions: Record<QuestionPart, { answered: number; unanswered: number } | null>;
}
