import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { Evaluation } from '../../../src/domain/evaluate/evaluation';
import type { RunRecord } from '../../../src/domain/run';
import { openDatabase, type Database } from '../../../src/storage/database';
import { putEvaluation } from '../../../src/storage/evaluations';
import { getRun, putRun } from '../../../src/storage/runs';
import type { PreparedData } from '../../../workers/services/split/preparedData';
import { keepRowsIdentity, rowsSha256 } from '../../../workers/services/split/rowsIdentity';

const data: PreparedData = {
  pairs: [
    { id: '0', anchor: '问一', positive: '答一' },
    { id: '1', anchor: '问二', positive: '答二' },
  ],
  knowledgeBase: [{ id: 'p', text: '答一' }],
  dev: [{ id: 'd', text: '验证', relevant: ['p'] }],
  test: [{ id: 't', text: '测试', relevant: ['p'] }],
  scoredPairs: [],
  unanswered: { dev: [], test: [] },
  scoredLeaks: 0,
  leaks: 0,
};
/**
 * The rows that an earlier version made from the same data, because it did not recognise one of the pairs as a leak.
 */
const earlier: PreparedData = { ...data, pairs: [...data.pairs, { id: '2', anchor: '测试。', positive: '答一' }] };

let databases = 0;
/** Stores an interrupted run that began with these rows. With `evaluated`, it finished the first evaluation. */
async function interrupted(rows: PreparedData | null, evaluated: boolean): Promise<{ db: Database; run: RunRecord }> {
  const db = await openDatabase(`rows-${databases++}`);
  const run = { runId: 'r', ...(rows && { rowsSha256: await rowsSha256(rows) }) } as RunRecord;
  await putRun(db, run);
  if (evaluated) await putEvaluation(db, { runId: 'r', part: 'test', moment: 'before' } as Evaluation);
  return { db, run };
}

describe('the rows of a resumed run', () => {
  it('are the same as long as the split is the same', async () => {
    const { db, run } = await interrupted(data, true);
    await expect(keepRowsIdentity(db, run, structuredClone(data))).resolves.toBeUndefined();
  });

  it('are refused if a version that removes other leaks has fewer pairs', async () => {
    const { db, run } = await interrupted(earlier, true);
    await expect(keepRowsIdentity(db, run, data)).rejects.toMatchObject({
      details: { kind: 'rows-changed', recorded: true },
    });
    expect(await getRun(db, 'r')).toEqual(run);
  });

  it('are refused if the run has results and its version did not record its rows', async () => {
    const { db, run } = await interrupted(null, true);
    await expect(keepRowsIdentity(db, run, data)).rejects.toMatchObject({
      details: { kind: 'rows-changed', recorded: false },
    });
  });

  it('may differ, and are recorded, while the run has no results', async () => {
    const { db, run } = await interrupted(earlier, false);
    await keepRowsIdentity(db, run, data);
    expect((await getRun(db, 'r'))?.rowsSha256).toBe(await rowsSha256(data));
  });

  it('have another hash if a question, a passage, a text or only the order differs', async () => {
    const [first, second] = data.pairs;
    if (!first || !second) throw new Error('no pairs');
    const others: PreparedData[] = [
      { ...data, pairs: [second, first] },
      { ...data, pairs: [first, { ...second, positive: '答三' }] },
      { ...data, knowledgeBase: [] },
      { ...data, dev: data.test, test: data.dev },
      { ...data, test: data.test.map((question) => ({ ...question, relevant: ['q'] })) },
    ];
    const hashes = await Promise.all([data, ...others].map(rowsSha256));
    expect(new Set(hashes).size).toBe(6);
  });
});
