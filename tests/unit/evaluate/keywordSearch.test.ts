import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KeywordIndex } from '../../../src/domain/evaluate/keywordIndex';
import { keywordSearcher, searchByKeywords } from '../../../src/domain/evaluate/keywordSearch';
import { passageOrder } from '../../../src/domain/evaluate/ranking';
import { recallAtK } from '../../../src/domain/evaluate/metrics';

const golden = JSON.parse(
  readFileSync(new URL('../../fixtures/metrics/keywordSearch.json', import.meta.url), 'utf8'),
) as { passages: string[]; questions: string[]; scores: number[][] };

const close = (value: number): unknown => expect.closeTo(value, 9);
const passages = golden.passages.map((text, i) => ({ id: `p${String((i * 17) % 41).padStart(2, '0')}`, text }));

describe('BM25 over character bigrams', () => {
  it('scores every passage as bm25s does', () => {
    const index = new KeywordIndex(golden.passages.length);
    for (const text of golden.passages) index.add(text);
    const score = index.scorer();
    golden.questions.forEach((question, i) => {
      const scores = score(question);
      golden.scores[i]?.forEach((expected, passage) => expect(scores[passage]).toBeCloseTo(expected, 9));
    });
    expect(golden.scores.flat().some((value) => value > 2)).toBe(true);
  });

  it('keeps all terms apart, however many characters there are', () => {
    // 48,000 characters, each in one passage: of the CJK block, of extension A and of extension B.
    const from = [
      [0x4e00, 20_000],
      [0x3400, 6000],
      [0x20000, 22_000],
    ].flatMap(([first = 0, count = 0]) => Array.from({ length: count }, (_, i) => String.fromCodePoint(first + i)));
    const texts = Array.from({ length: 48 }, (_, i) => from.slice(1000 * i, 1000 * (i + 1)));
    const index = new KeywordIndex(texts.length);
    for (const text of texts) index.add(text.join(''));
    const score = index.scorer();
    const naive = ([first, second]: readonly number[]): number[] =>
      texts.map(
        (text) => text.filter((one, at) => one === from[first ?? 0] && text[at + 1] === from[second ?? 0]).length,
      );
    const few = Array.from({ length: 40 }, (_, i) => [1187 * i, 1187 * i + 1]);
    // Characters are numbered from 1, so the terms of a pair would get the same number in base 32,768.
    const alike = [
      [0, 32_770],
      [32_768, 0],
      [40_500, 7732],
    ];
    let found = 0;
    for (const pair of [...few, ...alike]) {
      const scores = [...score(pair.map((at) => from[at]).join(''))];
      expect(scores.map((value) => (value > 0 ? 1 : 0))).toEqual(naive(pair));
      found += scores.filter((value) => value > 0).length;
    }
    expect(found).toBe(few.length);
  });

  it('ranks as a full sort by score, then id, does', async () => {
    const questions = golden.questions.map((text, i) => ({
      id: `q${i}`,
      text,
      relevant: passages.map(({ id }) => id),
    }));
    const results = await searchByKeywords(passages, questions, () => undefined);
    results.forEach((result, i) => {
      const scores = golden.scores[i] ?? [];
      const found = passages
        .map(({ id }, passage) => ({ id, score: scores[passage] ?? 0 }))
        .filter(({ score }) => score > 0)
        .sort((x, y) => (Math.abs(x.score - y.score) < 1e-9 ? (x.id < y.id ? -1 : 1) : y.score - x.score));
      expect(result.top.map(({ passageId }) => passageId)).toEqual(found.slice(0, 10).map(({ id }) => id));
      expect(result.ranks.filter(Number.isFinite)).toEqual(found.map((_, rank) => rank + 1));
    });
  });

  it('does not find a passage that shares no term with the question', async () => {
    const known = [
      { id: 'a', text: '每天饲喂两次' },
      { id: 'b', text: '断奶仔猪保温' },
    ];
    const questions = [{ id: 'q', text: '仔猪怎么保温', relevant: ['a', 'b', 'gone'] }];
    const [result] = await searchByKeywords(known, questions, () => undefined);
    expect(result?.ranks).toEqual([1, Infinity]);
    expect(recallAtK(result?.ranks ?? [], 10)).toBe(0.5);
  });

  it('answers nothing for a knowledge base or a question without terms', async () => {
    const empty = await searchByKeywords([], [{ id: 'q', text: '饲料', relevant: ['a'] }], () => undefined);
    expect(empty).toEqual([{ questionId: 'q', ranks: [], top: [] }]);
    const blank = await searchByKeywords(
      [{ id: 'a', text: '' }],
      [{ id: 'q', text: ' ', relevant: ['a'] }],
      () => undefined,
    );
    expect(blank).toEqual([{ questionId: 'q', ranks: [Infinity], top: [] }]);
  });

  it('reports after every 500 texts and at the end, and can be stopped there', async () => {
    const many = Array.from({ length: 1100 }, (_, i) => ({ id: `p${i}`, text: `第${i}段` }));
    const questions = [{ id: 'q', text: '第7段', relevant: ['p7'] }];
    const reported: number[] = [];
    await searchByKeywords(many, questions, (done) => void reported.push(done));
    expect(reported).toEqual([500, 1000, 1101]);
    const stop = new Error('stop');
    const between = (done: number): void => {
      if (done === 1000) throw stop;
    };
    await expect(searchByKeywords(many, questions, between)).rejects.toBe(stop);
  });

  it('indexes passages for later questions with the same reports, and can be stopped meanwhile', async () => {
    const order = passageOrder(passages);
    const find = await keywordSearcher(passages, order, () => undefined);
    const scores = golden.scores[0] ?? [];
    const found = find(golden.questions[0] ?? '', 3);
    expect(found.map(({ score }) => score)).toEqual(
      scores
        .toSorted((x, y) => y - x)
        .slice(0, 3)
        .map(close),
    );
    const many = Array.from({ length: 700 }, (_, i) => ({ id: `p${i}`, text: `第${i}段` }));
    const reported: [number, number][] = [];
    await keywordSearcher(many, passageOrder(many), (...progress) => void reported.push(progress));
    expect(reported).toEqual([
      [500, 700],
      [700, 700],
    ]);
    const stop = new Error('stop');
    await expect(keywordSearcher(many, order, () => Promise.reject(stop))).rejects.toBe(stop);
  });

  it('gives characters that only the question has terms that no passage has', () => {
    const index = new KeywordIndex(2);
    for (const text of ['母猪产房', '母']) index.add(text);
    const score = index.scorer();
    const known = [...score('母猪')];
    expect(known[0]).toBeGreaterThan(0);
    expect([...score('母猪龘𠀀龘')]).toEqual(known);
    expect([...score('龘')]).toEqual([0, 0]);
    expect(score('母')[1]).toBeGreaterThan(0);
  });
});
