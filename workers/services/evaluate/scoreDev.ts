import { countScores, hardestOf, type DevScores, type HardQuestion } from '../../../src/domain/evaluate/devScores';
import { scoredQuestions, type ScoredVectors } from './scoreQuestions';

/**
 * Returns the scores of right, best wrong and random wrong passages. Leaves out questions without a right passage in
 * the knowledge base.
 */
export function scoreDev(input: ScoredVectors): DevScores {
  const lists: Record<'right' | 'bestWrong' | 'randomWrong', number[]> = { right: [], bestWrong: [], randomWrong: [] };
  const margins: HardQuestion[] = [];
  for (const { question, right, wrong, random } of scoredQuestions(input)) {
    if (right.length === 0) continue;
    for (const { score } of right) lists.right.push(score);
    for (const score of random) lists.randomWrong.push(score);
    if (!wrong) continue;
    lists.bestWrong.push(wrong.score);
    const best = right.reduce((a, b) => (b.score > a.score ? b : a));
    margins.push({ questionId: question.id, right: best, wrong });
  }
  return {
    right: countScores(lists.right),
    bestWrong: countScores(lists.bestWrong),
    randomWrong: countScores(lists.randomWrong),
    hardest: hardestOf(margins),
  };
}
