import * as v from 'valibot';
import { wilsonInterval, type Interval } from './statistics';

/**
 * A question answered with its first passage, if that passage's score reaches a threshold; else the question is
 * rejected. `right`: the first passage is a right one. `answerable`: the knowledge base has a right passage.
 */
export interface AnsweredQuestion {
  score: number;
  right: boolean;
  answerable: boolean;
}

/** The outcome if every question that scores at least `score` is answered. */
export interface OperatingPoint {
  score: number;
  /** Number of questions answered, and how many of them correctly. */
  answered: number;
  right: number;
}

/**
 * How a threshold is chosen on dev: by the best F1; to answer as many questions as possible with a precision of at
 * least `share`; or to reject at most `share` of the questions.
 */
export const thresholdRuleSchema = v.variant('by', [
  v.strictObject({ by: v.literal('f1') }),
  v.strictObject({ by: v.literal('precision'), share: v.pipe(v.number(), v.minValue(0), v.maxValue(1)) }),
  v.strictObject({ by: v.literal('rejection'), share: v.pipe(v.number(), v.minValue(0), v.maxValue(1)) }),
]);
export type ThresholdRule = v.InferOutput<typeof thresholdRuleSchema>;

/** Outcomes of a threshold, as numbers of questions. */
export interface ThresholdFigures {
  questions: number;
  /** Questions that the knowledge base has no answer to, and how many of them are answered anyway. */
  unanswerable: number;
  unanswerableAnswered: number;
  answered: number;
  /** Answered correctly. */
  right: number;
  /** Rejected though the first passage was right. */
  rejectedRight: number;
  /** Right among the answered. Null if none is answered. */
  precision: number | null;
  /** Answered among the questions whose first passage is right. Null if there are none. */
  recall: number | null;
  f1: number;
  /** 95% Wilson interval of the precision. */
  precisionInterval: Interval;
}

/** A threshold that was chosen on dev, with its figures on dev and on test. */
export interface ChosenThreshold {
  value: number;
  rule: ThresholdRule;
  dev: ThresholdFigures;
  /** Null until it was shown on test. */
  test: ThresholdFigures | null;
  chosenAt: number;
}

/** Returns at most `most` evenly spaced points of a curve, always including the last one. */
export function thinned<Point>(points: readonly Point[], most: number): Point[] {
  if (points.length <= most) return [...points];
  return Array.from({ length: most }, (_, i) => points[Math.round(((i + 1) * points.length) / most) - 1]).filter(
    (point) => point !== undefined,
  );
}

/** Returns the operating points, highest score first, one per score that occurs. */
export function operatingPoints(answers: readonly AnsweredQuestion[]): OperatingPoint[] {
  const sorted = [...answers].sort((a, b) => b.score - a.score);
  const points: OperatingPoint[] = [];
  let right = 0;
  for (const [at, answer] of sorted.entries()) {
    if (answer.right) right += 1;
    if (sorted[at + 1]?.score !== answer.score) points.push({ score: answer.score, answered: at + 1, right });
  }
  return points;
}

/** Returns 2PR / (P + R), which is 2 · right / (answered + positives). */
const f1Of = (right: number, answered: number, positives: number): number =>
  answered + positives === 0 ? 0 : (2 * right) / (answered + positives);

/** Returns the point that a rule chooses; null if none satisfies it. Of equally good ones, the highest score. */
function chosenPoint(points: readonly OperatingPoint[], rule: ThresholdRule): OperatingPoint | null {
  const last = points.at(-1);
  if (!last) return null;
  const best = (value: (point: OperatingPoint) => number | null): OperatingPoint | null => {
    let found: { point: OperatingPoint; value: number } | null = null;
    for (const point of points) {
      const own = value(point);
      if (own !== null && own > (found?.value ?? -Infinity)) found = { point, value: own };
    }
    return found?.point ?? null;
  };
  switch (rule.by) {
    case 'f1':
      return last.right === 0 ? null : best(({ right, answered }) => f1Of(right, answered, last.right));
    case 'precision':
      return best(({ right, answered }) => (right >= rule.share * answered - 1e-9 && right > 0 ? answered : null));
    case 'rejection':
      return points.find(({ answered }) => last.answered - answered <= rule.share * last.answered + 1e-9) ?? null;
    default:
      return rule satisfies never;
  }
}

/**
 * Chooses a threshold. It lies between the lowest score that is answered and the next one below, at the shortest
 * decimal number between them, so that rounding in the last bits of scores does not move a question across it. Returns
 * null if no threshold satisfies the rule.
 */
export function chooseThreshold(answers: readonly AnsweredQuestion[], rule: ThresholdRule): number | null {
  const points = operatingPoints(answers);
  const chosen = chosenPoint(points, rule);
  if (!chosen) return null;
  const below = points[points.indexOf(chosen) + 1]?.score;
  return below === undefined
    ? shortestBetween(chosen.score - 0.02, chosen.score)
    : shortestBetween(below, chosen.score);
}

/** Returns the shortest decimal near the middle of low < x ≤ high. */
function shortestBetween(low: number, high: number): number {
  const middle = (low + high) / 2;
  for (let digits = 2; digits < 16; digits++) {
    const rounded = Number(middle.toFixed(digits));
    if (rounded > low && rounded <= high) return rounded;
  }
  return high;
}

/** Counts the outcomes of a threshold. A question is answered if its score is at least `threshold`. */
export function figuresAt(answers: readonly AnsweredQuestion[], threshold: number): ThresholdFigures {
  const count = (of: (answer: AnsweredQuestion) => boolean): number =>
    answers.reduce((sum, answer) => sum + (of(answer) ? 1 : 0), 0);
  const isAnswered = ({ score }: AnsweredQuestion): boolean => score >= threshold;
  const answered = count(isAnswered);
  const right = count((answer) => isAnswered(answer) && answer.right);
  const positives = count((answer) => answer.right);
  return {
    questions: answers.length,
    unanswerable: count(({ answerable }) => !answerable),
    unanswerableAnswered: count((answer) => !answer.answerable && isAnswered(answer)),
    answered,
    right,
    rejectedRight: positives - right,
    precision: answered === 0 ? null : right / answered,
    recall: positives === 0 ? null : right / positives,
    f1: f1Of(right, answered, positives),
    precisionInterval: wilsonInterval(right, answered),
  };
}

/** A point of the two curves. */
export interface CurvePoint {
  score: number;
  /** Of the questions whose first passage is wrong, the share that is answered. */
  falsePositives: number;
  /** Of the questions whose first passage is right, the share that is answered: recall. */
  truePositives: number;
  precision: number;
}

export interface Curves {
  points: CurvePoint[];
  /** Area under the ROC curve by the trapezoidal rule: the probability that a right answer scores above a wrong one. */
  rocArea: number;
  /** Average precision: the sum over points of precision times the step in recall. */
  prArea: number;
}

/**
 * Returns the ROC and precision–recall curves over all thresholds, of right answers against wrong ones (Fawcett 2006,
 * algorithms 1 and 2). Null if no answer is right, or all are.
 */
export function curvesOf(answers: readonly AnsweredQuestion[]): Curves | null {
  const found = operatingPoints(answers);
  const positives = found.at(-1)?.right ?? 0;
  const negatives = answers.length - positives;
  if (positives === 0 || negatives === 0) return null;
  let [rocArea, prArea] = [0, 0];
  let last = { falsePositives: 0, truePositives: 0 };
  const points = found.map(({ score, answered, right }): CurvePoint => {
    const falsePositives = (answered - right) / negatives;
    const truePositives = right / positives;
    const precision = right / answered;
    rocArea += ((falsePositives - last.falsePositives) * (truePositives + last.truePositives)) / 2;
    prArea += (truePositives - last.truePositives) * precision;
    last = { falsePositives, truePositives };
    return { score, ...last, precision };
  });
  return { points, rocArea, prArea };
}
