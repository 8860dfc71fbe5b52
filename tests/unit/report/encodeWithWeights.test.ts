import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import { openDatabase } from '../../../src/storage/database';
import { putRun } from '../../../src/storage/runs';
import { encodeWithWeights } from '../../../workers/services/report/encodeWithWeights';
import { runRecord } from '../storage/support';

it('vectors for the check of an export name the run or the base model that is missing', async () => {
  const db = await openDatabase('encode-with-weights');
  const encode = (source: Parameters<typeof encodeWithWeights>[1]) => encodeWithWeights(db, source, [[1, 2]], '');
  await expect(encode({ runId: 'gone' })).rejects.toMatchObject({
    details: { kind: 'not-found', what: 'run', id: 'gone' },
  });
  await putRun(db, runRecord('unset', 'e', { experiment: defaultExperiment() }));
  await expect(encode({ runId: 'unset' })).rejects.toMatchObject({ details: { kind: 'not-found', id: 'unset' } });
  await expect(encode({ modelSha256: 'b', pooling: 'cls', normalize: true })).rejects.toMatchObject({
    details: { kind: 'model-missing', contentSha256: 'b' },
  });
});
