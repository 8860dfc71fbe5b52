import { describe, expect, it } from 'vitest';
import { sha256Hex, sha256OfTexts } from '../../../src/domain/hash';
import { AnswerIndex } from '../../../src/domain/negatives/answerIndex';
import { chooseNegatives } from '../../../src/domain/negatives/chooseNegatives';
import { JudgedPairs } from '../../../src/domain/negatives/judgedPairs';
import { parseExperiment } from '../../../src/domain/parseExperiment';

const hash = await sha256OfTexts();
const idOf = (question: string, passage: string): string => new JudgedPairs([], false, hash).idOf(question, passage);

describe('a negative that the user has dropped', () => {
  const pairs = ['甲？', '甲', '乙'].map((anchor, i) => ({ id: `${i}`, anchor, positive: `答${i}` }));
  const dropped = [idOf('甲', '段落一')];
  const answers = new AnswerIndex(pairs, false, new JudgedPairs(dropped, false, hash));

  it('is named by hashes of the question and the passage', async () => {
    const [question, passage] = [await sha256Hex('甲'), await sha256Hex('段落一')];
    expect(idOf(' 甲？', '段落一 ')).toBe(question.slice(0, 12) + passage.slice(0, 12));
  });

  it('is not a negative of any pair with the same question, but can be one of other questions', () => {
    expect([0, 1, 2].map((row) => answers.exclusionOf(row, '段落一'))).toEqual(['judged', 'judged', null]);
    expect([0, 1, 2].map((row) => answers.answers(row, '段落一'))).toEqual([true, true, false]);
    expect([answers.answersAny('段落一'), answers.answersAny('段落二')]).toEqual([true, false]);
  });

  it('is replaced when negatives are chosen, and counted', () => {
    const pool = ['段落一', '段落二', '段落三'];
    const { chosen, excluded } = chooseNegatives({ pairs, answers, pool, perAnchor: 2, seed: 1, stageIndex: 0 });
    expect([...chosen.subarray(0, 2)].sort()).toEqual([1, 2]);
    expect(excluded.judged).toBeGreaterThan(0);
  });

  it('is kept in an experiment file, and refused there if its id is not one', () => {
    const negatives = (list: unknown) => ({
      stages: [{ negatives: { from: 'random', perAnchor: 1, dropped: list } }],
    });
    expect(parseExperiment(negatives(dropped)).stages[0]?.negatives).toMatchObject({ dropped });
    for (const wrong of [['x'], [], [dropped[0], dropped[0]]])
      expect(() => parseExperiment(negatives(wrong))).toThrow();
  });
});
