import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { defaultExperiment, type Experiment } from '../../../src/domain/experiment';
import { importDataset } from '../../../workers/services/import/importDataset';
import { comparedData } from '../../../workers/services/evaluate/comparedData';
import { file, json } from '../import/importFiles';
import { freshDatabase, storedExperiment } from '../storage/support';

const numbers = Array.from({ length: 10 }, (_, i) => i);

/** Stores ten pairs and passages, three test questions, one of a passage that does not exist, and an experiment. */
async function stored() {
  const db = await freshDatabase();
  const imported = async (...given: [role: 'knowledgeBase' | 'pairs' | 'questions', rows: object[]]) => {
    const [role, rows] = given;
    const report = await importDataset(db, [file(`${role}.jsonl`, json(...rows))], role, () => undefined);
    return report.dataset.contentSha256;
  };
  const data: Experiment['data'] = [
    {
      role: 'knowledgeBase',
      contentSha256: await imported(
        'knowledgeBase',
        numbers.map((i) => ({ id: `p${i}`, text: `段落 ${i}` })),
      ),
    },
    {
      role: 'pairs',
      contentSha256: await imported(
        'pairs',
        numbers.map((i) => ({ query: `训练 ${i}`, pos: [`段落 ${i}`] })),
      ),
    },
    {
      role: 'questions',
      part: 'test',
      contentSha256: await imported('questions', [
        { query: '测试一', relevant: ['p1'] },
        { query: '测试二', relevant: ['p2'] },
        { query: '测试三', relevant: ['p99'] },
      ]),
    },
  ];
  const experiment: Experiment = { ...defaultExperiment(), data, split: { devFraction: 0.5, devMaximum: 200 } };
  const save = (changes: Partial<Experiment> = {}) =>
    db.put('experiments', storedExperiment('e', { experiment: { ...experiment, ...changes } }));
  await save();
  return {
    db,
    save,
    textsOf: async (part: 'dev' | 'test') => textsOf(await comparedData(db, { experimentId: 'e' }, part)),
  };
}

const textsOf = ({ questions }: { questions: readonly { text: string }[] }): string[] =>
  questions.map(({ text }) => text);

describe('the data that models are compared on', () => {
  it('follows the split and the seed of the experiment, and not its learning settings', async () => {
    const { db, save, textsOf } = await stored();
    const half = await textsOf('dev');
    expect(half).toHaveLength(5);
    const { order } = await comparedData(db, { experimentId: 'e' }, 'dev');
    await save({ evaluation: { ...defaultExperiment().evaluation, devEverySteps: 7 } });
    expect((await comparedData(db, { experimentId: 'e' }, 'dev')).order).toBe(order);
    await save({ seed: 8 });
    const otherSeed = await textsOf('dev');
    expect(otherSeed).toHaveLength(5);
    expect(otherSeed).not.toEqual(half);
    await save({ split: { devFraction: 0.2, devMaximum: 200 } });
    expect(await textsOf('dev')).toHaveLength(2);
    await save();
    expect(await textsOf('dev')).toEqual(half);
  });

  it('stays in memory for two experiments, so that a run can be probed with another one', async () => {
    const { db } = await stored();
    const of = (id: string, seed: number) =>
      db.put('experiments', storedExperiment(id, { experiment: { ...base, seed } }));
    const base = (await db.get('experiments', 'e'))!.experiment;
    const order = async (experimentId: string) => (await comparedData(db, { experimentId }, 'dev')).order;
    await of('other', 8);
    await of('third', 9);
    const first = await order('e');
    await order('other');
    expect(await order('e')).toBe(first);
    await order('third');
    expect(await order('e')).toBe(first);
    await order('other');
    await order('third');
    expect(await order('e')).not.toBe(first);
  });

  it('counts the questions of a file that it leaves out, and none of a part that is drawn from the pairs', async () => {
    const { db } = await stored();
    const test = await comparedData(db, { experimentId: 'e' }, 'test');
    expect([test.questions.length, test.unanswered.length, test.leftOut]).toEqual([2, 0, 1]);
    expect((await comparedData(db, { experimentId: 'e' }, 'dev')).leftOut).toBe(0);
  });
});
