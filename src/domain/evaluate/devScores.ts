/** The width of a bin of scores. Narrow, because the scores of some models are all between 0.7 and 1. */
export const scoreBinWidth = 0.02;
const binsOnEachSide = Math.round(1 / scoreBinWidth);
/** Questions that are listed as the hardest. */
export const hardestQuestions = 10;

/** Counts of scores per bin, without empty bins at either end. Bin i begins at `(first + i) · scoreBinWidth`. */
export interface ScoreCounts {
  first: number;
  counts: number[];
}

/** A question whose right passage scores little above, or below, the best wrong one. */
export interface HardQuestion {
  questionId: string;
  right: { passageId: string; score: number };
  wrong: { passageId: string; score: number };
}

/** The scores of the dev questions at an evaluation. */
export interface DevScores {
  /** Of every right passage with its question. */
  right: ScoreCounts;
  /** Of the best wrong passage of each question. */
  bestWrong: ScoreCounts;
  /** Of random wrong passages, the same ones at every evaluation. */
  randomWrong: ScoreCounts;
  /** The questions with the smallest margins, smallest first. */
  hardest: HardQuestion[];
}

/** Counts cosines per bin. Leaves out values that are not numbers. */
export function countScores(scores: readonly number[]): ScoreCounts {
  const bins = scores.flatMap((score) => (Number.isNaN(score) ? [] : [binOf(score)]));
  if (bins.length === 0) return { first: 0, counts: [] };
  const first = bins.reduce((least, bin) => Math.min(least, bin));
  const last = bins.reduce((most, bin) => Math.max(most, bin));
  const counts = Array.from({ length: last - first + 1 }, () => 0);
  for (const bin of bins) counts[bin - first] = (counts[bin - first] ?? 0) + 1;
  return { first, counts };
}

/** Returns the bin of a cosine. Rounding may lift one slightly above 1; the last bin takes it. */
function binOf(score: number): number {
  return Math.min(binsOnEachSide - 1, Math.max(-binsOnEachSide, Math.floor(score / scoreBinWidth)));
}

/** Returns the median of the counted scores, as the middle of its bin; NaN if none are counted. */
export function medianOf({ first, counts }: ScoreCounts): number {
  const half = counts.reduce((sum, count) => sum + count, 0) / 2;
  let seen = 0;
  for (const [i, count] of counts.entries()) if ((seen += count) >= half) return (first + i + 0.5) * scoreBinWidth;
  return NaN;
}

/** Returns the questions with the smallest margin between right and wrong, smallest first. Ties keep their order. */
export function hardestOf(questions: readonly HardQuestion[]): HardQuestion[] {
  const margin = ({ right, wrong }: HardQuestion): number => right.score - wrong.score;
  return questions
    .filter((question) => Number.isFinite(margin(question)))
    .sort((a, b) => margin(a) - margin(b))
    .slice(0, hardestQuestions);
}
