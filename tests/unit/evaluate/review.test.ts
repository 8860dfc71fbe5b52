import { describe, expect, it } from 'vitest';
import { reviewFile, reviewQuestions, type ReviewDecision, type ReviewMark } from '../../../src/domain/evaluate/review';
import { imported, file } from '../import/importFiles';

const decision = (question: string, passageId: string, mark: ReviewMark): ReviewDecision => ({
  ...{ question, passageId, mark, decidedAt: 1 },
});

describe('review questions', () => {
  const questions = reviewQuestions([
    decision('喂多少', 'd1', 'wrong'),
    decision('几度', 'd2', 'right'),
    decision('喂多少', 'd2', 'right'),
    decision('喂多少', 'd1', 'right'),
    decision('几度', 'd2', 'none'),
    decision('为什么', 'd1', 'wrong'),
  ]);

  it('have the latest mark of each passage, and are none without one', () => {
    expect(questions).toEqual([
      { text: '喂多少', right: ['d1', 'd2'], wrong: [] },
      { text: '为什么', right: [], wrong: ['d1'] },
    ]);
  });

  it('can be imported as test questions, without those that have no passage marked right', async () => {
    const passages = file('kb.jsonl', '{"id":"d1","text":"两公斤"}\n{"id":"d2","text":"二十八度"}\n');
    const { rows, rejected } = await imported('questions', file('review.jsonl', reviewFile(questions)), passages);
    expect(rows).toEqual([{ id: 'review-1', text: '喂多少', relevant: ['d1', 'd2'] }]);
    expect(rejected).toEqual([]);
  });
});
