import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, vi } from 'vitest';
import type { QuestionResult } from '../../../src/domain/evaluate/evaluation';
import type { Database } from '../../../src/storage/database';
import { putEvaluation } from '../../../src/storage/evaluations';
import { getExperiment } from '../../../src/storage/experiments';
import { addRun } from '../../../src/storage/runs';
import { prepareDemo } from '../../../workers/services/import/prepareDemo';
import { preparedData } from '../../../workers/services/split/preparedData';
import { evaluationOf, freshDatabase, runRecord } from '../storage/support';

const publicFolder = new URL('../../../public/', import.meta.url);
const base = 'http://127.0.0.1/app/';
/** Lets the demo's files be fetched in the tests of a file. */
export function serveDemo(): void {
  beforeEach(() => {
    vi.stubGlobal('fetch', (url: string) => {
      const file = new URL(url.slice(base.length), publicFolder);
      return Promise.resolve(existsSync(file) ? new Response(readFileSync(file)) : new Response('', { status: 404 }));
    });
  });
  afterEach(() => vi.unstubAllGlobals());
}

/** Stores the demo with a run. Every question's right passage has rank 4 before and rank 2 after training. */
export async function demoRun(): Promise<{
  db: Database;
  runId: string;
  store: (moment: 'before' | 'after') => Promise<void>;
}> {
  const db = await freshDatabase();
  const { experimentId } = await prepareDemo(db, base, () => undefined);
  const experiment = (await getExperiment(db, experimentId))!.experiment;
  const runId = crypto.randomUUID();
  await addRun(db, runRecord(runId, experimentId, { experiment }));
  const { test } = await preparedData(db, experiment);
  const store = async (moment: 'before' | 'after'): Promise<void> => {
    const ranks = [moment === 'before' ? 4 : 2];
    const results = test.map(({ id }): QuestionResult => ({ questionId: id, ranks, top: [] }));
    await putEvaluation(db, { ...evaluationOf(runId), moment, results });
  };
  return { db, runId, store };
}
