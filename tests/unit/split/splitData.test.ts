import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultStage } from '../../../src/domain/experiment';
import type { Pair, Passage, Question } from '../../../src/domain/records';
import { OverlapFinder } from '../../../src/domain/split/overlap';
import { questionKey } from '../../../src/domain/split/questionKey';
import { rowsWithoutPassage, scoredLeaksOf, splitData } from '../../../src/domain/split/splitData';

const knowledgeBase: Passage[] = Array.from({ length: 50 }, (_, i) => ({ id: `p${i}`, text: `段${i}` }));
const pairsOf = (count: number, anchor: (i: number) => string, positive: (i: number) => string): Pair[] =>
  Array.from({ length: count }, (_, i) => ({ id: `r${i}`, anchor: anchor(i), positive: positive(i) }));
const question = (id: string, text: string, ...relevant: string[]): Question => ({ id, text, relevant });
const settings = (devFraction: number, devMaximum = 200, seed = 7) => ({
  seed,
  split: { devFraction, devMaximum },
  stages: [defaultStage()],
});

describe('the split', () => {
  it('never puts a question into two parts, and loses no pair', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 120 }),
      fc.integer({ min: 1, max: 60 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 1, max: 40 }),
      fc.nat(),
      (count, anchors, fraction, maximum, seed) => {
        const pairs = pairsOf(
          count,
          (i) => `问${i % anchors}`,
          (i) => `段${i % 70}`,
        );
        const test = [question('t', '问0', 'p1')];
        const split = splitData({
          experiment: settings(fraction, maximum, seed),
          pairs,
          knowledgeBase,
          testQuestions: test,
        });
        const train = new Set(split.trainRows.map((row) => pairs[row]?.anchor));
        const dev = new Set(split.dev.map((item) => item.text));
        for (const text of dev) expect(train.has(text) || text === '问0').toBe(false);
        expect(train.has('问0')).toBe(false);
        const held = pairs.filter((pair) => dev.has(pair.anchor)).length;
        expect(split.trainRows.length + held + split.leaks.length).toBe(count);
        expect(held).toBeLessThanOrEqual(Math.min(maximum, fraction * count + 1e-6));
      },
    );
    fc.assert(property, { numRuns: 200 });
  });

  it('holds out the requested share, and the same one for the same seed', () => {
    const pairs = pairsOf(
      600,
      (i) => `问${i}`,
      (i) => `段${i % 50}`,
    );
    const split = splitData({ experiment: settings(0.05), pairs, knowledgeBase });
    expect([split.dev.length, split.trainRows.length, split.leaks.length]).toEqual([30, 570, 0]);
    expect(splitData({ experiment: settings(0.05), pairs, knowledgeBase })).toEqual(split);
    expect(splitData({ experiment: settings(0.05, 200, 8), pairs, knowledgeBase }).dev).not.toEqual(split.dev);
    expect(splitData({ experiment: settings(0.5, 12), pairs, knowledgeBase }).dev).toHaveLength(12);
    expect(splitData({ experiment: settings(0), pairs, knowledgeBase }).dev).toEqual([]);
  });

  it('holds out the same questions in every version, in the order of the file', () => {
    const pairs = pairsOf(
      20,
      (i) => `问${i}`,
      (i) => `段${i}`,
    );
    const { dev, trainRows } = splitData({ experiment: settings(0.25), pairs, knowledgeBase });
    // Written by version 0.1.0.
    expect(dev.map(({ id }) => id)).toEqual(['dev:r4', 'dev:r10', 'dev:r14', 'dev:r16', 'dev:r17']);
    expect(trainRows).toHaveLength(15);
  });

  it('counts questions that differ in case as one only if the model folds case', () => {
    const pairs = pairsOf(
      2,
      (i) => ['VPN', 'vpn'][i] ?? '',
      (i) => `段${i}`,
    );
    const held = (foldCase?: boolean) => {
      const input = { experiment: settings(0.5), pairs, knowledgeBase };
      return splitData(foldCase === undefined ? input : { ...input, foldCase }).dev.length;
    };
    // Half of the pairs would be one row, but rows of one question stay together.
    expect([held(), held(false), held(true)]).toEqual([1, 1, 0]);
  });

  it('finds the passage of a held-out pair despite white space around its text', () => {
    const pairs = pairsOf(
      1,
      () => '问',
      () => ' 段3\n',
    );
    const split = splitData({ experiment: settings(1), pairs, knowledgeBase });
    expect([split.dev[0]?.relevant, split.extraPassages]).toEqual([['p3'], []]);
  });

  it('lists all passages of a held-out question by their ids in the knowledge base', () => {
    const pairs = pairsOf(
      2,
      () => '问',
      (i) => `段${i}`,
    );
    expect(splitData({ experiment: settings(1), pairs, knowledgeBase }).dev).toEqual([
      question('dev:r0', '问', 'p0', 'p1'),
    ]);
  });

  it('adds a held-out passage exactly once if the knowledge base lacks it', () => {
    const pairs = [
      ...pairsOf(
        2,
        (i) => `问${i}`,
        () => '新段',
      ),
      { id: 'r9', anchor: '问9', positive: '段3' },
    ];
    const split = splitData({
      experiment: settings(1),
      pairs,
      knowledgeBase: [...knowledgeBase, { id: 'extra:r0', text: '别的' }],
    });
    expect(split.extraPassages).toEqual([{ id: 'extra:r0+', text: '新段' }]);
    expect(split.dev.map((item) => item.relevant)).toEqual([['extra:r0+'], ['extra:r0+'], ['p3']]);
  });

  it('leaves out and counts training pairs that repeat a dev or test question', () => {
    const pairs = pairsOf(
      10,
      (i) => `问${i}`,
      (i) => `段${i}`,
    );
    const split = splitData({
      experiment: settings(0.5),
      pairs,
      knowledgeBase,
      devQuestions: [question('d', ' 问1 ', 'p1')],
      testQuestions: [question('t', '问2', 'p2')],
    });
    expect(split.trainRows).toEqual([0, 3, 4, 5, 6, 7, 8, 9]);
    expect(split.leaks.map(({ row, kind, part }) => [row, kind, part])).toEqual([
      [1, 'exact', 'dev'],
      [2, 'exact', 'test'],
    ]);
    expect(split.dev.map((item) => item.id)).toEqual(['d']);
  });

  it('finds an exact match despite white space around either text, and names the question as it is written', () => {
    const finder = new OverlapFinder(false);
    finder.add([question('t', '  VPN 怎么 登录？\n'), question('u', '怎么退款')], 'test');
    expect(finder.overlapOf('VPN 怎么 登录？')).toEqual({
      kind: 'exact',
      part: 'test',
      question: '  VPN 怎么 登录？\n',
    });
    expect(finder.overlapOf('\t怎么退款 ')).toEqual({ kind: 'exact', part: 'test', question: '怎么退款' });
    expect(finder.overlapOf('怎么 退款')).toEqual({ kind: 'normalised', part: 'test', question: '怎么退款' });
    expect(finder.overlapOf('怎么退货')).toBeNull();
  });

  it('names the part that was added first if two parts have the same question', () => {
    const finder = new OverlapFinder(false);
    finder.add([question('d', '怎么退款')], 'dev');
    finder.add([question('t', '怎么退款？'), question('u', '怎么退款')], 'test');
    expect(finder.overlapOf('怎么退款')).toMatchObject({ kind: 'exact', part: 'dev' });
    expect(finder.overlapOf('怎么退款。')).toMatchObject({ kind: 'normalised', part: 'dev' });
  });

  it('keeps every row of a listed batch order, and still counts leaked pairs', () => {
    const pairs = pairsOf(
      10,
      (i) => `问${i}`,
      (i) => `段${i}`,
    );
    const stages = [{ ...defaultStage(), batching: { kind: 'listed' as const, sha256: 'a'.repeat(64) } }];
    const experiment = { ...settings(0.5), stages };
    const split = splitData({ experiment, pairs, knowledgeBase, testQuestions: [question('t', '问2', 'p2')] });
    expect(split.trainRows).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([split.leaks.length, split.dev.length]).toEqual([1, 0]);
  });

  it('leaves out a dev question that test has too, reports it, and keeps it in test', () => {
    const split = splitData({
      experiment: settings(0.5),
      pairs: [],
      knowledgeBase,
      devQuestions: [question('d1', '怎么改密码？', 'p1'), question('d2', '另一个', 'p1')],
      testQuestions: [question('t', '怎么改密码', 'p2')],
    });
    expect(split.dev.map(({ id }) => id)).toEqual(['d2']);
    expect(split.test.map(({ id }) => id)).toEqual(['t']);
    expect(split.devInTest).toEqual([
      { kind: 'normalised', from: 'dev', row: 0, text: '怎么改密码？', part: 'test', question: '怎么改密码' },
    ]);
  });

  it('draws no dev questions from the pairs if every imported one is in test', () => {
    const split = splitData({
      experiment: settings(0.5),
      pairs: pairsOf(10, String, String),
      knowledgeBase,
      devQuestions: [question('d', '问', 'p1')],
      testQuestions: [question('t', '问', 'p1')],
    });
    expect([split.dev.length, split.devInTest.length, split.trainRows.length]).toEqual([0, 1, 10]);
  });

  it('leaves out pairs that equal a test question only after normalisation, and distinguishes them from exact ones', () => {
    const anchors = ['ＶＰＮ怎么连', 'vpn怎么连', 'VPN 怎么连？', 'VPN怎么连', '另一个'];
    const input = {
      experiment: settings(0),
      pairs: pairsOf(
        5,
        (i) => anchors[i] ?? '',
        () => '段',
      ),
      knowledgeBase,
      testQuestions: [question('t', 'VPN怎么连', 'p1')],
    };
    const kinds = (foldCase: boolean) => splitData({ ...input, foldCase }).leaks.map(({ row, kind }) => [row, kind]);
    expect(kinds(false)).toEqual([
      [0, 'normalised'],
      [2, 'normalised'],
      [3, 'exact'],
    ]);
    expect(kinds(true)).toContainEqual([1, 'normalised']);
    expect(splitData(input).trainRows).toEqual([1, 4]);
  });

  it('holds out spellings of one question together, so that dev and train share no normalised question', () => {
    const spellings = ['问', '问？', ' 问。', '问\u200d'];
    const pairs = pairsOf(
      80,
      (i) => `${Math.floor(i / 4)}号${spellings[i % 4] ?? ''}`,
      (i) => `段${i}`,
    );
    const split = splitData({ experiment: settings(0.3), pairs, knowledgeBase });
    const dev = new Set(split.dev.map(({ text }) => questionKey(text, false)));
    const train = split.trainRows.map((row) => questionKey(pairs[row]?.anchor ?? '', false));
    expect([split.dev.length, train.length]).toEqual([6, 56]);
    expect(train.filter((key) => dev.has(key))).toEqual([]);
  });

  it('keeps questions without an answer apart from the others, and still out of every other part', () => {
    const pairs = pairsOf(6, (i) => `问${i}`, String);
    const split = splitData({
      experiment: settings(0),
      pairs,
      knowledgeBase,
      devQuestions: [question('a', '问1', 'p1'), question('b', '问2'), question('c', '问3')],
      testQuestions: [question('d', '问3'), question('e', '问4', 'p4')],
    });
    expect([split.dev, split.test].map((part) => part.map(({ id }) => id))).toEqual([['a'], ['e']]);
    expect(split.unanswered).toEqual({ dev: [question('b', '问2')], test: [question('d', '问3')] });
    expect(split.devInTest).toHaveLength(1);
    expect(split.trainRows).toEqual([0, 5]);
  });

  it('finds the training pairs whose answer is not in the knowledge base', () => {
    const pairs = pairsOf(4, String, (i) => [' 段1 ', '不在', '段3', '也不在'][i] ?? '');
    expect(rowsWithoutPassage([0, 1, 2], pairs, knowledgeBase)).toEqual([1]);
  });

  it('never makes test questions from pairs', () => {
    const pairs = pairsOf(
      100,
      (i) => `问${i}`,
      (i) => `段${i % 50}`,
    );
    expect(splitData({ experiment: settings(0.5), pairs, knowledgeBase }).test).toEqual([]);
  });
});

it('scored pairs repeat no dev or test question, also not one without an answer, which thresholds use', () => {
  const split = splitData({
    experiment: settings(0),
    pairs: [],
    knowledgeBase,
    devQuestions: [question('d', '问一', 'p1'), question('d2', '问二')],
    testQuestions: [question('t', '问三', 'p1'), question('t2', '问四')],
  });
  const texts = ['问一？', '问二？', '问三？', '问四？', '问五？'];
  const scored = [
    ...texts.map((sentence1, i) => ({ id: `a${i}`, sentence1, sentence2: '句', score: 1 })),
    ...texts.map((sentence2, i) => ({ id: `b${i}`, sentence1: '句', sentence2, score: 1 })),
  ];
  const { free, overlaps } = scoredLeaksOf(scored, split, false);
  expect(free).toEqual([4, 9]);
  expect(overlaps.map(({ part, question: of }) => [part, of])).toEqual(
    [...texts.slice(0, 4), ...texts.slice(0, 4)].map((text, i) => [i % 4 < 2 ? 'dev' : 'test', text.slice(0, 2)]),
  );
});
