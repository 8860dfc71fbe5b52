import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { answerAt } from '../../../src/domain/evaluate/answerAt';
import type { QuestionResult } from '../../../src/domain/evaluate/evaluation';
import { searchByKeywords } from '../../../src/domain/evaluate/keywordSearch';
import { forgettingOf, generalProbe } from '../../../src/domain/evaluate/probe';
import { sha256Hex } from '../../../src/domain/hash';
import { gramsOf, isNearDuplicate } from '../../../src/domain/split/nearDuplicates';
import { questionKey } from '../../../src/domain/split/questionKey';
import { probeSentence } from '../../../src/ui/evaluate/probeText';
import { en } from '../../../src/ui/i18n/en';

interface Row {
  id: string;
  text: string;
  topic: string;
  relevant: string[];
}
const files = ['passages', 'questions'].map((name) =>
  readFileSync(new URL(`../../../public/probe/${name}.jsonl`, import.meta.url), 'utf8'),
);
const [passages = [], questions = []] = files.map((text) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row),
);

describe('the shipped probe set', () => {
  it('is the one whose hash and size the program knows', async () => {
    const sha256 = await sha256Hex(files.join(''));
    expect({ sha256, questions: questions.length, passages: passages.length }).toEqual(generalProbe);
    expect(questions.length).toBeGreaterThanOrEqual(200);
  });

  it('has one right passage for each question, and none for two', () => {
    const known = new Set(passages.map(({ id }) => id));
    expect(known.size).toBe(passages.length);
    const right = questions.map(({ relevant }) => relevant);
    expect(right.every((ids) => ids.length === 1 && known.has(ids[0] ?? ''))).toBe(true);
    expect(new Set(right.flat()).size).toBe(questions.length);
  });

  it('has no two passages or questions that nearly repeat each other', () => {
    for (const rows of [passages, questions]) {
      const keys = rows.map(({ text }) => questionKey(text, true));
      const grams = keys.map(gramsOf);
      const repeated = keys.flatMap((key, i) => grams.slice(0, i).filter((own) => isNearDuplicate(own, key)));
      expect(repeated).toEqual([]);
    }
  });

  it('is neither trivial nor impossible for the keyword search', async () => {
    const results = await searchByKeywords(passages, questions, () => undefined);
    const hits = results.filter(({ ranks }) => ranks[0] === 1).length / questions.length;
    expect(hits).toBeGreaterThan(0.25);
    expect(hits).toBeLessThan(0.5);
  });
});

describe('the judgement of a probe', () => {
  const results = (first: number, of: number): QuestionResult[] =>
    Array.from({ length: of }, (_, i) => ({ questionId: String(i), ranks: [i < first ? 1 : 9], top: [] }));
  const judged = (before: number, after: number, of = 300) => answerAt(results(before, of), results(after, of), 1);

  it('is that the model forgot if it got worse beyond chance', () => {
    expect(forgettingOf(judged(150, 120))).toBe('forgot');
    expect(probeSentence(en.probe, judged(150, 120))).toMatch(/^The model forgot: .*−\d+\.\d to −\d/);
  });

  it('is that it did not forget only if the interval excludes a loss of 5 points', () => {
    expect(forgettingOf(judged(150, 149))).toBe('kept');
    expect(probeSentence(en.probe, judged(150, 149))).toContain('the loss in percentage points is below 1,');
    expect(forgettingOf(judged(150, 170))).toBe('kept');
    expect(probeSentence(en.probe, judged(150, 170))).toBe(en.probe.keptNothing);
  });

  it('is that nothing can be said if there are too few questions', () => {
    expect(forgettingOf(judged(10, 9, 20))).toBe('unclear');
    expect(probeSentence(en.probe, judged(10, 9, 20))).toContain('can’t tell');
  });
});
