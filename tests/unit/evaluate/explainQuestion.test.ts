import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import { defaultExperiment, type Experiment } from '../../../src/domain/experiment';
import { explainQuestion } from '../../../workers/services/evaluate/explainQuestion';
import { importDataset } from '../../../workers/services/import/importDataset';
import { file, json } from '../import/importFiles';
import { freshDatabase, storedExperiment } from '../storage/support';

it('passages are named as near-duplicates if they nearly repeat one of several right passages, but are not right', async () => {
  const db = await freshDatabase();
  const [feeding, weaning] = [
    '母猪怀孕后期每天要多喂一些精饲料，并且保证饮水',
    '仔猪断奶以后一周之内不要更换饲料的种类',
  ];
  const stored = async (role: 'knowledgeBase' | 'questions', rows: object[]): Promise<string> =>
    (await importDataset(db, [file(`${role}.jsonl`, json(...rows))], role, () => undefined)).dataset.contentSha256;
  const passages = [
    ['feeding', feeding],
    ['weaning', weaning],
    ['almost feeding', `${feeding}。`],
    ['almost weaning', `${weaning}！`],
    ['other', '鸡舍的温度'],
  ].map(([id, text]) => ({ id, text }));
  const data: Experiment['data'] = [
    { role: 'knowledgeBase', contentSha256: await stored('knowledgeBase', passages) },
    {
      role: 'questions',
      part: 'test',
      contentSha256: await stored('questions', [{ query: '喂什么', relevant: ['feeding', 'weaning'] }]),
    },
  ];
  await db.put('experiments', storedExperiment('e', { experiment: { ...defaultExperiment(), data } }));
  const [question] = await db
    .getAll('datasetBlocks')
    .then((blocks) => blocks.flatMap(({ rows }) => rows).filter((row) => 'relevant' in row));
  const explained = await explainQuestion(db, {
    owner: { experimentId: 'e', part: 'test' },
    questionId: question?.id ?? '',
    passageIds: passages.map(({ id }) => id ?? ''),
    candidates: [],
  });
  expect(explained.nearDuplicates).toEqual(['almost feeding', 'almost weaning']);
  expect(Object.keys(explained.texts)).toHaveLength(5);
});
