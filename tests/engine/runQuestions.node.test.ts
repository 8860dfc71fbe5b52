import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import { runQuestions } from '../../workers/services/evaluate/runQuestions';
import { prepared } from './smallRun';

const testSha256 = 'e'.repeat(64);

it('the questions of a run are those of test, with how many of their file were left out', async () => {
  const whole = await prepared({}, { passages: 80 });
  expect((await runQuestions(whole.db, whole.runId)).leftOut).toBe(0);
  const { db, runId } = await prepared({}, { passages: 80 });
  const dataset = await db.get('datasets', testSha256);
  if (!dataset) throw new Error('no test questions');
  const lost = ['x', 'y'].map((id) => ({ id, text: `question ${id}`, relevant: ['not in the knowledge base'] }));
  const [block] = await db.getAll('datasetBlocks', IDBKeyRange.bound([testSha256, 0], [testSha256, 0]));
  if (!block) throw new Error('no rows');
  await db.put('datasetBlocks', { ...block, rows: [...block.rows, ...lost] });
  await db.put('datasets', { ...dataset, rows: dataset.rows + lost.length });
  const { questions, leftOut } = await runQuestions(db, runId);
  expect(questions.map(({ id }) => id)).toEqual(Array.from({ length: 9 }, (_, i) => `t${i}`));
  expect(leftOut).toBe(2);
});
