import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { defaultExperiment, type Experiment } from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import type { ScoredPair } from '../../../src/domain/records';
import { openDatabase, type Database } from '../../../src/storage/database';
import { putModel } from '../../../src/storage/models';
import { importDataset } from '../../../workers/services/import/importDataset';
import { countSplit } from '../../../workers/services/split/countSplit';
import { preparedData } from '../../../workers/services/split/preparedData';

/** Returns a model whose tokenizer does or does not fold case. The split reads only these files from it. */
function modelOf(contentSha256: string, lowercase: boolean, others: Record<string, string> = {}): StoredModel {
  const tokenizer = { normalizer: { type: 'BertNormalizer', lowercase } };
  const files: Record<string, string> = { 'tokenizer.json': JSON.stringify(tokenizer), ...others };
  return { contentSha256, files } as StoredModel;
}
const foldingModel = 'a'.repeat(64);
const plainModel = 'b'.repeat(64);
/** Its tokenizer keeps case, but sentence-transformers lowercases every text before it is tokenized. */
const lowercasedModel = 'c'.repeat(64);

async function store(
  db: Database,
  role: 'knowledgeBase' | 'pairs' | 'questions' | 'scoredPairs',
  rows: object[],
): Promise<string> {
  const file = new File([JSON.stringify(rows)], `${role}.json`);
  return (await importDataset(db, [file], role, () => undefined)).dataset.contentSha256;
}

const testQuestions = ['怎样在手机上修改VPN的登录密码？', '报销单要交给谁'];
const devQuestions = ['报销单，要交给谁？', '年假有几天'];
const anchors = [
  '报销单要交给谁', // exactly a test question
  '年假有几天？', // a dev question after normalisation
  '怎样在手机上修改vpn的登录密码', // a test question after normalisation, if the model folds case
  '怎样在手机上修改VPN的登录密码呢', // nearly a test question
  '食堂几点开门',
];

let databases = 0;
async function prepared(contentSha256 = plainModel): Promise<{ db: Database; experiment: Experiment }> {
  const db = await openDatabase(`stored-split-${databases++}`);
  await putModel(db, modelOf(foldingModel, true));
  await putModel(db, modelOf(plainModel, false));
  const sentenceConfig = JSON.stringify({ max_seq_length: 64, do_lower_case: true });
  await putModel(db, modelOf(lowercasedModel, false, { 'sentence_bert_config.json': sentenceConfig }));
  const questionRows = (texts: string[]) => texts.map((text) => ({ text, relevant: ['p'] }));
  const data: Experiment['data'] = [
    { role: 'knowledgeBase', contentSha256: await store(db, 'knowledgeBase', [{ id: 'p', text: '段' }]) },
    {
      role: 'pairs',
      contentSha256: await store(
        db,
        'pairs',
        anchors.map((anchor, i) => ({ anchor, positive: i === 4 ? '十二点' : '段' })),
      ),
    },
    { role: 'questions', part: 'dev', contentSha256: await store(db, 'questions', questionRows(devQuestions)) },
    { role: 'questions', part: 'test', contentSha256: await store(db, 'questions', questionRows(testQuestions)) },
  ];
  const model = {
    contentSha256,
    pooling: 'mean' as const,
    normalize: true,
    maxTokens: 64,
    queryPrefix: '',
    passagePrefix: '',
  };
  return { db, experiment: { ...defaultExperiment(), data, model } };
}
const removing = (experiment: Experiment): Experiment => ({
  ...experiment,
  split: { ...experiment.split, removeNearDuplicates: true },
});
/** Both sentences of each scored pair. */
const scored = [
  ['报销单要交给谁', '报销找谁'], // the first is exactly a test question
  ['怎样在手机上修改vpn的登录密码呢', '改密码'], // the first is nearly a test question
  ['改密码', '请问怎样在手机上修改VPN的登录密码'], // the second is nearly one
  ['食堂几点开门', '食堂什么时候开'],
];
/** Adds scored pairs, and a stage that trains on them. */
async function withScored({ db, experiment }: { db: Database; experiment: Experiment }) {
  const rows = scored.map(([sentence1, sentence2]) => ({ sentence1, sentence2, score: 0.5 }));
  const entry = { role: 'scoredPairs' as const, contentSha256: await store(db, 'scoredPairs', rows) };
  const stages = experiment.stages.flatMap((stage) => [stage, { ...stage, data: 'scoredPairs' as const }]);
  return { db, experiment: { ...experiment, data: [...experiment.data, entry], stages } };
}
const sentencesOf = ({ scoredPairs }: { scoredPairs: readonly ScoredPair[] }) =>
  scoredPairs.map(({ sentence1, sentence2 }) => [sentence1, sentence2]);
const countsOf = (db: Database, experiment: Experiment) => countSplit(db, experiment, () => undefined);

describe('the split of stored data', () => {
  it('trains and evaluates no question twice, whatever its spelling, and counts the same as the page', async () => {
    const { db, experiment } = await prepared(foldingModel);
    const data = await preparedData(db, experiment);
    expect(data.pairs.map(({ anchor }) => anchor)).toEqual(anchors.slice(3));
    expect(data.dev.map(({ text }) => text)).toEqual(['年假有几天']);
    expect(data.test.map(({ text }) => text)).toEqual(testQuestions);
    expect(await countsOf(db, experiment)).toMatchObject({
      train: 2,
      dev: 1,
      test: 2,
      leaks: { exact: 1, normalised: 2 },
      devInTest: 1,
      nearDuplicates: { count: 1, removed: false },
    });
  });

  it('folds case if sentence_bert_config.json asks for lowercase, although the tokenizer keeps case', async () => {
    const { db, experiment } = await prepared(lowercasedModel);
    const { pairs } = await preparedData(db, experiment);
    expect(pairs.map(({ anchor }) => anchor)).toEqual(anchors.slice(3));
  });

  it('folds case only if the tokenizer of the model does', async () => {
    const { db, experiment } = await prepared(plainModel);
    const { pairs } = await preparedData(db, experiment);
    expect(pairs.map(({ anchor }) => anchor)).toEqual(anchors.slice(2));
    const { model: _, ...rest } = experiment;
    expect((await preparedData(db, { ...rest, model: null })).pairs).toHaveLength(3);
  });

  it('lists both texts and the reason for every repeated question', async () => {
    const { db, experiment } = await prepared(foldingModel);
    const { listed } = await countsOf(db, experiment);
    expect(listed.overlaps.map(({ kind, from, row, part, question }) => [kind, from, row, part, question])).toEqual([
      ['normalised', 'dev', 0, 'test', testQuestions[1]],
      ['exact', 'train', 0, 'test', testQuestions[1]],
      ['normalised', 'train', 1, 'dev', devQuestions[1]],
      ['normalised', 'train', 2, 'test', testQuestions[0]],
      ['near', 'train', 3, 'test', testQuestions[0]],
    ]);
    expect(listed.overlaps[4]?.jaccard).toBeCloseTo(15 / 16, 12);
  });

  it('keeps near-duplicates of test in train unless the experiment removes them, in both run and counts', async () => {
    const { db, experiment } = await prepared(foldingModel);
    const changed = removing(experiment);
    expect((await preparedData(db, changed)).pairs.map(({ anchor }) => anchor)).toEqual([anchors[4]]);
    expect(await countsOf(db, changed)).toMatchObject({ train: 1, nearDuplicates: { count: 1, removed: true } });
  });

  it('finds near-duplicates of test questions without an answer, which thresholds use', async () => {
    const { db, experiment } = await prepared(foldingModel);
    const unanswered = [
      { text: testQuestions[0], relevant: { p: 0 } },
      { text: testQuestions[1], relevant: ['p'] },
    ];
    const data = experiment.data.filter(({ part }) => part !== 'test');
    data.push({ role: 'questions', part: 'test', contentSha256: await store(db, 'questions', unanswered) });
    const changed = removing({ ...experiment, data });
    expect((await preparedData(db, changed)).pairs.map(({ anchor }) => anchor)).toEqual([anchors[4]]);
    expect(await countsOf(db, changed)).toMatchObject({ unanswered: { test: 1 }, nearDuplicates: { count: 1 } });
  });

  it('holds out the same dev questions whether near-duplicates are removed or not', async () => {
    const { db, experiment } = await prepared(foldingModel);
    const data = experiment.data.filter(({ part }) => part !== 'dev');
    const heldOut = { ...experiment, data, split: { ...experiment.split, devFraction: 0.4 } };
    const before = await preparedData(db, heldOut);
    expect(before.dev.length).toBeGreaterThan(0);
    expect((await preparedData(db, removing(heldOut))).dev).toEqual(before.dev);
  });

  it('removes the near-duplicates of the present test questions, whatever the seed and whichever pairs are held out', async () => {
    const { db, experiment } = await prepared(plainModel);
    const text = (i: number): string => `第${i}栋猪舍冬天夜里的温度应该保持在多少度，才不会让刚断奶的仔猪着凉拉稀`;
    const rows = Array.from({ length: 30 }, (_, i) => ({ anchor: text(i), positive: '段' }));
    const pairs = await store(db, 'pairs', [...rows, { anchor: '食堂几点开门', positive: '十二点' }]);
    const kept = experiment.data.filter(({ role }) => role === 'knowledgeBase');
    const withTest = async (question: string, seed: number): Promise<Experiment> => {
      const test = await store(db, 'questions', [{ text: question, relevant: ['p'] }]);
      const entries = [
        { role: 'pairs' as const, contentSha256: pairs },
        { role: 'questions' as const, part: 'test' as const, contentSha256: test },
      ];
      const split = { ...experiment.split, devFraction: 0.3 };
      return removing({ ...experiment, seed, split, data: [...kept, ...entries] });
    };
    const held = new Set<string>();
    for (const seed of [1, 2, 3]) {
      const near = await preparedData(db, await withTest(text(99), seed));
      const anchorsLeft = near.pairs.map(({ anchor }) => anchor);
      expect(anchorsLeft.filter((anchor) => anchor !== '食堂几点开门')).toEqual([]);
      held.add(near.dev.map((question) => question.text).join());
      // Another test set is imported: the pairs are back in train, and the same ones are held out.
      const other = await preparedData(db, await withTest('母猪产后不吃食怎么办', seed));
      expect(other.dev).toEqual(near.dev);
      expect(other.pairs).toHaveLength(31 - near.dev.length);
      expect(await countsOf(db, await withTest(text(99), seed))).toMatchObject({
        nearDuplicates: { count: 31 - near.dev.length - anchorsLeft.length, removed: true },
      });
    }
    expect(held.size).toBe(3);
  });

  it('removes nothing from a listed batch order, whose rows are fixed, and reports that', async () => {
    const { db, experiment } = await prepared(foldingModel);
    const [stage] = experiment.stages;
    const stages = stage ? [{ ...stage, batching: { kind: 'listed' as const, sha256: 'c'.repeat(64) } }] : [];
    const changed = removing({ ...experiment, stages });
    expect((await preparedData(db, changed)).pairs).toHaveLength(5);
    expect(await countsOf(db, changed)).toMatchObject({
      train: 5,
      listedBatches: true,
      nearDuplicates: { count: 1, removed: false },
    });
  });

  it('keeps near-duplicates of test among scored pairs unless the experiment removes them, with its pairs', async () => {
    const { db, experiment } = await withScored(await prepared(foldingModel));
    expect(sentencesOf(await preparedData(db, experiment))).toEqual([scored[1], scored[2], scored[3]]);
    const counts = await countsOf(db, experiment);
    expect(counts).toMatchObject({ scored: 3, scoredLeaks: 1, scoredNearDuplicates: { count: 2, removed: false } });
    const listed = counts.listed.overlaps.filter(({ from }) => from === 'scored');
    expect(listed.map(({ kind, row, text, question }) => [kind, row, text, question])).toEqual([
      ['exact', 0, testQuestions[1], testQuestions[1]],
      ['near', 1, scored[1]?.[0], testQuestions[0]],
      ['near', 2, scored[2]?.[1], testQuestions[0]],
    ]);
    const changed = removing(experiment);
    expect(sentencesOf(await preparedData(db, changed))).toEqual([scored[3]]);
    expect(await countsOf(db, changed)).toMatchObject({
      scored: 1,
      scoredNearDuplicates: { count: 2, removed: true },
      nearDuplicates: { count: 1, removed: true },
    });
  });

  it('removes near-duplicates from scored pairs although a batch list keeps those of another stage’s pairs', async () => {
    const { db, experiment } = await withScored(await prepared(foldingModel));
    const [first, ...rest] = experiment.stages;
    if (!first) throw new Error('no stage');
    const batching = { kind: 'listed' as const, sha256: 'c'.repeat(64) };
    const changed = removing({ ...experiment, stages: [{ ...first, batching }, ...rest] });
    const data = await preparedData(db, changed);
    expect(sentencesOf(data)).toEqual([scored[3]]);
    expect(data.pairs).toHaveLength(5);
    expect(await countsOf(db, changed)).toMatchObject({
      scored: 1,
      scoredLeaks: 1,
      listedBatches: true,
      nearDuplicates: { count: 1, removed: false },
      scoredNearDuplicates: { count: 2, removed: true },
    });
  });

  it('counts and lists the training pairs whose answer is not in the knowledge base, and trains on them', async () => {
    const { db, experiment } = await prepared(foldingModel);
    const counts = await countsOf(db, experiment);
    expect(counts.unknownAnswers).toBe(1);
    expect(counts.listed.unknownAnswers).toEqual([{ row: 4, anchor: '食堂几点开门', positive: '十二点' }]);
    expect((await preparedData(db, experiment)).pairs.map(({ positive }) => positive)).toContain('十二点');
  });

  it('lists at most 1,000 of each kind and cuts long texts, but counts all', async () => {
    const { db, experiment } = await prepared(foldingModel);
    const rows = Array.from({ length: 1200 }, (_, i) => ({ anchor: `问${i}`, positive: `${i}`.repeat(500) }));
    const data = experiment.data.filter(({ role }) => role !== 'pairs');
    const pairs = await store(db, 'pairs', rows);
    const counts = await countsOf(db, { ...experiment, data: [...data, { role: 'pairs', contentSha256: pairs }] });
    expect([counts.unknownAnswers, counts.listed.unknownAnswers.length]).toEqual([1200, 1000]);
    expect(counts.listed.unknownAnswers[7]?.positive).toBe(`${'7'.repeat(300)}…`);
  });
});
