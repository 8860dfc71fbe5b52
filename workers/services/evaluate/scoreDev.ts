import { countScores, hardestOf, type DevScores, type HardQuestion } from '../../../src/domain/evaluate/devScores';
import type { QuestionResult } from '../../../src/domain/evaluate/evaluation';
import { relevantPlaces, type PassageOrder } from '../../../src/domain/evaluate/ranking';
import { RandomStream } from '../../../src/domain/random';
import type { Question } from '../../../src/domain/records';
import type { Vectors } from '../../engine/retrieval/vectors';

interface ScoreDevInput {
  questions: readonly Question[];
  order: PassageOrder;
  /** The results of the questions, in the same order. */
  results: readonly QuestionResult[];
  questionVectors: Vectors;
  /** The vector of each passage of `order.ids`. */
  passageVectors: Vectors;
  seed: number;
}

/** Maximum number of random passages per question. */
const mostRandom = 20;
/** Maximum number of random passages in total, but at least one per question. Keeps scoring from taking seconds. */
const mostRandomInAll = 20_000;

/**
 * Returns the scores of right, best wrong and random wrong passages, from vectors that an evaluation has on the host
 * anyway. Leaves out questions without a right passage in the knowledge base.
 */
export function scoreDev(input: ScoreDevInput): DevScores {
  const { questions, order, results, passageVectors, questionVectors, seed } = input;
  const perQuestion = Math.max(1, Math.min(mostRandom, Math.floor(mostRandomInAll / Math.max(1, questions.length))));
  const lists: Record<'right' | 'bestWrong' | 'randomWrong', number[]> = { right: [], bestWrong: [], randomWrong: [] };
  const margins: HardQuestion[] = [];
  const query = new Float32Array(questionVectors.width);
  const passage = new Float32Array(passageVectors.width);
  const scoreOf = (index: number): number => {
    passageVectors.copyRow(index, passage, 0);
    return dot(query, passage);
  };
  for (const [i, question] of questions.entries()) {
    const right = new Set(relevantPlaces(question, order).map((place) => order.inOrder[place] ?? 0));
    if (right.size === 0) continue;
    questionVectors.copyRow(i, query, 0);
    const scored = [...right].map((index) => ({ passageId: order.ids[index] ?? '', score: scoreOf(index) }));
    for (const { score } of scored) lists.right.push(score);
    const random = new RandomStream(seed, 'devScores', i);
    for (let draw = 0; draw < perQuestion; draw++) {
      const index = random.below(order.ids.length);
      if (!right.has(index)) lists.randomWrong.push(scoreOf(index));
    }
    const wrong = results[i]?.top.find(({ passageId }) => !right.has(order.indexOf.get(passageId) ?? -1));
    if (!wrong) continue;
    const score = scoreOf(order.indexOf.get(wrong.passageId) ?? 0);
    lists.bestWrong.push(score);
    const best = scored.reduce((a, b) => (b.score > a.score ? b : a));
    margins.push({ questionId: question.id, right: best, wrong: { passageId: wrong.passageId, score } });
  }
  return {
    right: countScores(lists.right),
    bestWrong: countScores(lists.bestWrong),
    randomWrong: countScores(lists.randomWrong),
    hardest: hardestOf(margins),
  };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
