import { afterEach, expect, it, vi } from 'vitest';
import { checkpointBytesOfRun } from '../../src/domain/train/checkpointBytes';
import { getModel } from '../../src/storage/models';
import { getRun, listRuns } from '../../src/storage/runs';
import { reservedBytes } from '../../src/storage/space';
import { createRun } from '../../workers/services/train/createRun';
import { prepared } from './smallRun';

afterEach(() => void vi.unstubAllGlobals());

it('a run is refused before it starts if its checkpoints have no room beside the reserve', async () => {
  const { db, runId } = await prepared();
  const run = await getRun(db, runId);
  const model = await getModel(db, run?.experiment.model?.contentSha256 ?? '');
  if (!run || !model) throw new Error('no run');
  const neededBytes = checkpointBytesOfRun(model.totalFloats, false);
  const withFree = (bytes: number) =>
    vi.stubGlobal('navigator', {
      ...{ userAgent: 'node', hardwareConcurrency: 1 },
      storage: { estimate: () => Promise.resolve({ usage: 5, quota: 5 + reservedBytes + bytes }) },
    });
  const create = () => createRun(db, run.experimentId, { device: 'wasm', budgetBytes: null }, 'test');
  withFree(neededBytes - 1);
  await expect(create()).rejects.toMatchObject({
    details: { kind: 'quota-exceeded', neededBytes, freeBytes: neededBytes - 1 },
  });
  expect(await listRuns(db, run.experimentId)).toHaveLength(1);
  withFree(neededBytes);
  await create();
  expect(await listRuns(db, run.experimentId)).toHaveLength(2);
});
