import type { QuestionResult } from '../../../src/domain/evaluate/evaluation';
import type { QuestionScores } from '../../../src/domain/evaluate/questionScores';
import { relevantPassages, type PassageOrder } from '../../../src/domain/evaluate/ranking';
import { RandomStream } from '../../../src/domain/random';
import type { Question } from '../../../src/domain/records';
import type { Vectors } from '../../engine/retrieval/vectors';

export interface ScoredVectors {
  questions: readonly Question[];
  order: PassageOrder;
  /** The results of the questions, in the same order. */
  results: readonly QuestionResult[];
  questionVectors: Vectors;
  /** The vector of each passage of `order.ids`. */
  passageVectors: Vectors;
  seed: number;
}

interface ScoredPassage {
  passageId: string;
  score: number;
}

/** A question's scores with its right passages, the best wrong one, and random wrong ones. */
interface ScoredQuestion {
  question: Question;
  result: QuestionResult | undefined;
  right: ScoredPassage[];
  wrong: ScoredPassage | null;
  random: number[];
}

/** Maximum number of random passages per question. */
const mostRandom = 20;
/** Maximum number of random passages in total, but at least one per question. Keeps scoring from taking seconds. */
const mostRandomInAll = 20_000;

/** Scores questions with passages, from the vectors that an evaluation already holds on the host. */
export function* scoredQuestions(input: ScoredVectors): Generator<ScoredQuestion> {
  const { questions, order, results, passageVectors, questionVectors, seed } = input;
  const perQuestion = Math.max(1, Math.min(mostRandom, Math.floor(mostRandomInAll / Math.max(1, questions.length))));
  const query = new Float32Array(questionVectors.width);
  const passage = new Float32Array(passageVectors.width);
  const scoreOf = (index: number): number => {
    passageVectors.copyRow(index, passage, 0);
    return dot(query, passage);
  };
  for (const [i, question] of questions.entries()) {
    const isRight = new Set(relevantPassages(question, order));
    questionVectors.copyRow(i, query, 0);
    const right = [...isRight].map((index) => ({ passageId: order.ids[index] ?? '', score: scoreOf(index) }));
    const drawn = new RandomStream(seed, 'devScores', i);
    const random: number[] = [];
    for (let draw = 0; draw < perQuestion && order.ids.length > 0; draw++) {
      const index = drawn.below(order.ids.length);
      if (!isRight.has(index)) random.push(scoreOf(index));
    }
    const result = results[i];
    const found = result?.top.find(({ passageId }) => !isRight.has(order.indexOf.get(passageId) ?? -1));
    const wrong = found
      ? { passageId: found.passageId, score: scoreOf(order.indexOf.get(found.passageId) ?? 0) }
      : null;
    yield { question, result, right, wrong, random };
  }
}

/** Scores questions, including those without a right passage, for histograms and thresholds. */
export function scoreQuestions(input: ScoredVectors): QuestionScores[] {
  const scores: QuestionScores[] = [];
  for (const { question, result, right, wrong, random } of scoredQuestions(input)) {
    const [top] = result?.top ?? [];
    if (!top) continue;
    const own = right.find(({ passageId }) => passageId === top.passageId);
    scores.push({
      questionId: question.id,
      first: { ...(own ?? wrong ?? top), right: own !== undefined },
      right: right.map(({ score }) => score).sort((a, b) => b - a),
      wrong: wrong?.score ?? null,
      random,
    });
  }
  return scores;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
