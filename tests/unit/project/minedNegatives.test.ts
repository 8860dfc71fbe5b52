import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { Experiment } from '../../../src/domain/experiment';
import { noExclusions } from '../../../src/domain/negatives/chooseNegatives';
import { projectBytes } from '../../../src/domain/project/contents';
import type { Database } from '../../../src/storage/database';
import { getMinedNegatives, putMinedNegatives } from '../../../src/storage/minedNegatives';
import { DatasetWriter } from '../../../workers/services/import/datasetWriter';
import { minedKey } from '../../../workers/services/negatives/minedKey';
import { measureProject } from '../../../workers/services/project/measureProject';
import { preparedData } from '../../../workers/services/split/preparedData';
import { freshDatabase, storedExperiment, stubLocks } from '../storage/support';
import { edited, entriesOf, fileOf } from './edit';
import { fill, open, saved } from './support';

const mined = { from: 'mined', perAnchor: 2, firstRank: 1, lastRank: 3, pick: 'top' } as const;

/** Stores an experiment whose stage mines its negatives, with negatives for each pair. */
async function withMined(): Promise<{ db: Database; key: string; experiment: Experiment }> {
  stubLocks();
  const db = await freshDatabase();
  const filled = await fill(db, 'e', 'r', { rows: 6 });
  const writer = await DatasetWriter.open('pairs', 'pairs');
  for (let i = 0; i < 4; i++) writer.add({ id: `p${i}`, anchor: `问题 ${i}`, positive: `猪 ${i}` });
  const pairs = await writer.finish(db);
  const [stage] = filled.experiment.stages;
  if (!stage) throw new Error('no stage');
  const experiment: Experiment = {
    ...filled.experiment,
    schemaVersion: 2,
    data: [...filled.experiment.data, { role: 'pairs', contentSha256: pairs.contentSha256 }],
    split: { devFraction: 0, devMaximum: 1 },
    stages: [{ ...stage, negatives: mined }],
  };
  await db.put('experiments', storedExperiment('e', { name: 'one', experiment }));
  const data = await preparedData(db, experiment);
  const key = await minedKey(experiment, 0, data);
  const count = data.pairs.length;
  await putMinedNegatives(db, key, {
    perAnchor: 2,
    chosen: Int32Array.from({ length: 2 * count }, (_, i) => i % 6),
    excluded: { ...noExclusions(), margin: 3 },
    refilled: 1,
    refilledRows: 1,
    scores: {
      positives: new Float32Array(count).fill(0.5),
      negatives: Float32Array.from({ length: 2 * count }, (_, i) => i / 10),
      ranks: new Uint16Array(2 * count).fill(2),
      random: Float32Array.of(0.1, 0.2, 0.3),
      candidates: 9,
    },
  });
  return { db, key, experiment };
}

describe('the mined negatives of a project', () => {
  it('are in its file and need not be mined again after it is opened', async () => {
    const { db, key } = await withMined();
    const there = await freshDatabase();
    expect(await open(there, await saved(db))).toMatchObject({ experiments: 1, warnings: [] });
    const found = await getMinedNegatives(there, key);
    expect(found).toBeDefined();
    expect(found).toEqual(await getMinedNegatives(db, key));
  });

  it('count in the size of the file', async () => {
    const { db, key } = await withMined();
    const bytes = async () => projectBytes(await measureProject(db), new Set(['e']), false);
    const before = await bytes();
    await db.delete('minedNegatives', key);
    expect(before - (await bytes())).toBe(4 * 8 + 4 * 4 + 4 * 8 + 2 * 8 + 4 * 3);
  });

  it('are left out of the file if they are damaged here', async () => {
    const { db, key } = await withMined();
    const record = await db.get('minedNegatives', key);
    if (record) await db.put('minedNegatives', { ...record, candidates: 9, sha256: 'a'.repeat(64) });
    const there = await freshDatabase();
    expect(await open(there, await saved(db))).toMatchObject({ warnings: [] });
    expect(await there.count('minedNegatives')).toBe(0);
  });

  it('refuse the whole file if their bytes do not match the hash or the counts of their record', async () => {
    const { db, key } = await withMined();
    const file = await saved(db);
    const path = `minedNegatives/${key}.bin`;
    const entries = await entriesOf(file);
    const bytes = entries.get(path) ?? new Uint8Array();
    const changed = bytes.slice();
    changed[0] = 1 - (changed[0] ?? 0);
    for (const [broken, entry] of [
      [await fileOf(new Map(entries).set(path, changed)), path],
      [await fileOf(new Map(entries).set(path, bytes.slice(4))), path],
      [await edited(file, 'minedNegatives.json', ([one]: Record<string, number>[]) => [{ ...one, pairs: 3 }]), path],
      [await edited(file, 'minedNegatives.json', (all: unknown[]) => [...all, ...all]), 'minedNegatives.json'],
      [await edited(file, 'minedNegatives.json', () => [{ key: 'x' }]), 'minedNegatives.json'],
    ] as const) {
      const there = await freshDatabase();
      await expect(open(there, broken)).rejects.toMatchObject({ details: { kind: 'project-invalid', entry } });
      expect(await there.count('experiments')).toBe(0);
      expect(await there.count('minedNegatives')).toBe(0);
    }
  });

  it('are left out with a warning if no opened experiment has their data and settings', async () => {
    const { db, key } = await withMined();
    const file = await saved(db);
    const entries = await entriesOf(file);
    const other = 'c'.repeat(64);
    entries.set(`minedNegatives/${other}.bin`, entries.get(`minedNegatives/${key}.bin`) ?? new Uint8Array());
    entries.delete(`minedNegatives/${key}.bin`);
    const foreign = await edited(await fileOf(entries), 'minedNegatives.json', ([one]: object[]) => [
      { ...one, key: other },
    ]);
    const there = await freshDatabase();
    const warning = { kind: 'project-partial', name: 'one', fault: 'negatives-foreign' };
    expect(await open(there, foreign)).toMatchObject({ experiments: 1, warnings: [warning] });
    expect(await there.count('minedNegatives')).toBe(0);
  });

  it.each([6, -1])('are left out with a warning if one of them is passage %i of 6', async (passage) => {
    const { db, key } = await withMined();
    const record = await getMinedNegatives(db, key);
    if (!record?.scores) throw new Error('no negatives');
    const chosen = record.chosen.slice();
    chosen[chosen.length - 1] = passage;
    await putMinedNegatives(db, key, { ...record, chosen, scores: record.scores });
    const there = await freshDatabase();
    expect(await open(there, await saved(db))).toMatchObject({ warnings: [{ fault: 'negatives-foreign' }] });
    expect(await there.count('minedNegatives')).toBe(0);
  });

  it.each([6, 7])('are kept if their highest rank is %i of 6 passages only if there is such a rank', async (rank) => {
    const { db, key } = await withMined();
    const record = await getMinedNegatives(db, key);
    if (!record?.scores) throw new Error('no negatives');
    const ranks = record.scores.ranks.slice();
    ranks[0] = rank;
    await putMinedNegatives(db, key, { ...record, scores: { ...record.scores, ranks } });
    const there = await freshDatabase();
    await open(there, await saved(db));
    expect(await there.count('minedNegatives')).toBe(rank === 6 ? 1 : 0);
  });
});
