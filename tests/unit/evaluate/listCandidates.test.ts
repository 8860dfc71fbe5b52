import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import { listCandidates } from '../../../workers/services/evaluate/listCandidates';
import { fill } from '../project/support';
import { freshDatabase } from '../storage/support';

it('the models that can be compared are listed with the size of their weights, the run with its experiment’s base', async () => {
  const db = await freshDatabase();
  const { model } = await fill(db);
  const sizes = { bytes: 4 * model.totalFloats, dimension: 4 };
  const options = await listCandidates(db, 'e');
  expect(options.filter(({ candidate }) => candidate.kind === 'base')).toMatchObject([
    { name: 'tiny', ...sizes, ownBase: true, run: null },
  ]);
  const ofRuns = options.filter(({ run }) => run !== null);
  expect(ofRuns.length).toBeGreaterThan(0);
  for (const option of ofRuns) expect(option).toMatchObject({ ...sizes, ownBase: false, run: { experiment: null } });
  expect(options.at(-1)).toMatchObject({ candidate: { kind: 'keywords' }, bytes: 0, dimension: 0 });
});
