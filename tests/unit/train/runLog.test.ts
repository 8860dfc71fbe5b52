import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import type { RunRecord, RunStatus } from '../../../src/domain/run';
import { openDatabase } from '../../../src/storage/database';
import { getRun, putRun } from '../../../src/storage/runs';
import { RunLog } from '../../../workers/services/train/runLog';

it('a page that is notified of a new status finds it in the record of the run', async () => {
  const db = await openDatabase('run-status');
  await putRun(db, { runId: 'r', experimentId: 'e', status: 'queued' } as RunRecord);
  const seen: Promise<RunStatus | undefined>[] = [];
  const log = await RunLog.open(db, 'r', () => void seen.push(getRun(db, 'r').then((run) => run?.status)));
  for (const status of ['running', 'paused', 'running'] as const) await log.status(status);
  expect(await Promise.all(seen)).toEqual(['running', 'paused', 'running']);
});
