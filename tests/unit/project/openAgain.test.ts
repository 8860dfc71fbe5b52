import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { freshDatabase, storedExperiment } from '../storage/support';
import { probeMoment } from '../../../src/domain/evaluate/blendMoment';
import { listBlends } from '../../../src/storage/evaluations';
import { readRows } from '../../../src/storage/datasets';
import { hasWeights } from '../../../src/storage/weights';
import { edited } from './edit';
import { fill, open, saved, storePairs } from './support';

const empty = { experiments: 0, runs: 0, warnings: [] };

describe('opening a project whose experiment and run are here', () => {
  const sweep = (sweepId: string) => ({
    sweepId,
    experiment: storedExperiment('e').experiment,
    axes: [{ setting: 'seed' as const, values: [1, 2] }],
    createdAt: 3,
  });

  it('adds the sweeps that are not here, and keeps those that are', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here, 'e', 'r');
    await open(there, await saved(here));
    const mine = (await there.get('experiments', 'e'))!;
    await there.put('experiments', { ...mine, sweeps: [sweep('mine')] });
    const theirs = (await here.get('experiments', 'e'))!;
    await here.put('experiments', { ...theirs, sweeps: [sweep('theirs'), sweep('mine')] });
    const file = await saved(here);
    expect(await open(there, file)).toEqual(empty);
    const opened = await there.get('experiments', 'e');
    expect(opened?.sweeps).toEqual([sweep('mine'), sweep('theirs')]);
    expect(opened?.updatedAt).toBeGreaterThan(mine.updatedAt);
    await open(there, file);
    expect(await there.get('experiments', 'e')).toEqual(opened);
  });

  it('adds the pairs to compare on if there are none, and keeps other ones with a warning', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here, 'e', 'r');
    await open(there, await saved(here));
    const stored = (await here.get('experiments', 'e'))!;
    const [first, second] = [await storePairs(here, 3), await storePairs(here, 3, '丙')];
    await here.put('experiments', { ...stored, comparedPairs: first });
    expect(await open(there, await saved(here))).toEqual(empty);
    const opened = await there.get('experiments', 'e');
    expect(opened?.comparedPairs).toBe(first);
    expect(opened?.updatedAt).toBeGreaterThan(stored.updatedAt);
    expect(await readRows(there, 'scoredPairs', first)).toHaveLength(3);
    await here.put('experiments', { ...stored, comparedPairs: second });
    const { warnings } = await open(there, await saved(here));
    expect(warnings).toMatchObject([{ kind: 'project-partial', name: 'one', fault: 'pairs-differ' }]);
    expect(await there.get('experiments', 'e')).toEqual(opened);
  });

  it('includes decisions about labels, and refuses an invalid one', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here, 'e', 'r');
    const mine = (await here.get('experiments', 'e'))!;
    const decision = {
      number: 1,
      part: 'test',
      questionId: 'q',
      question: '?',
      passageId: 'p',
      mark: 'right',
    } as const;
    await here.put('experiments', { ...mine, labelDecisions: [decision] });
    const file = await saved(here);
    await open(there, file);
    expect((await there.get('experiments', 'e'))?.labelDecisions).toEqual([decision]);
    const details = { kind: 'project-invalid', entry: expect.stringContaining('experiments.json') as string };
    for (const labelDecisions of [
      [{ ...decision, mark: 'maybe' }],
      ...[[1, 1], [2], [2, 1], [1, 3]].map((numbers) => numbers.map((number) => ({ ...decision, number }))),
    ]) {
      const wrong = await edited(file, 'experiments.json', ([one]: object[]) => [{ ...one, labelDecisions }]);
      await expect(open(await freshDatabase(), wrong)).rejects.toMatchObject({ details });
    }
  });

  it('adds evaluations of blends without asking about copies, and replaces none', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here, 'e', 'r');
    await open(there, await saved(here));
    const after = (await here.get('evaluations', ['r', 'test', 'after']))!;
    const blend = (ratio: number, encodeMs: number) => ({ ...after, moment: `blend ${ratio}` as const, encodeMs });
    await there.put('evaluations', blend(0.5, 1));
    for (const ratio of [0.25, 0.5]) await here.put('evaluations', blend(ratio, 2));
    expect(await open(there, await saved(here))).toEqual(empty);
    expect((await there.get('evaluations', ['r', 'test', 'blend 0.25']))?.encodeMs).toBe(2);
    expect((await there.get('evaluations', ['r', 'test', 'blend 0.5']))?.encodeMs).toBe(1);
    await open(here, await saved(there));
    expect((await here.get('evaluations', ['r', 'test', 'blend 0.5']))?.encodeMs).toBe(2);
  });

  it('adds evaluations on probe sets, and accepts those that do not name their set without showing them', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here, 'e', 'r');
    await open(there, await saved(here));
    const { part: _, ...after } = (await here.get('evaluations', ['r', 'test', 'after']))!;
    const [general, other] = ['a'.repeat(64), 'b'.repeat(64)];
    const probed = (probeSha256: string) => ({ ...after, part: 'probe' as const, probeSha256 });
    for (const set of [general, other]) await here.put('evaluations', { ...probed(set), moment: probeMoment(1, set) });
    await here.put('evaluations', { ...probed(general), moment: 'after' });
    expect(await open(there, await saved(here))).toEqual(empty);
    expect(await there.get('evaluations', ['r', 'probe', 'after'])).toBeDefined();
    for (const set of [general, other])
      expect(await listBlends(there, 'r', 'probe', set)).toEqual([{ ratio: 1, metrics: after.metrics }]);
    expect((await listBlends(there, 'r', 'test')).map(({ ratio }) => ratio)).toEqual(
      (await listBlends(here, 'r', 'test')).map(({ ratio }) => ratio),
    );
    const mixed = await edited(await saved(here), 'evaluations.json', (all: { part: string }[]) =>
      all.map((one) => (one.part === 'probe' ? { ...one, moment: probeMoment(1, 'c'.repeat(64)) } : one)),
    );
    const details = { kind: 'project-invalid', entry: expect.stringContaining('evaluations.json') as string };
    await expect(open(await freshDatabase(), mixed)).rejects.toMatchObject({ details });
  });

  it.each(['blend 1', 'blend 0.50', 'halfway', 0.5])('refuses an evaluation at the moment %j', async (moment) => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here, 'e', 'r');
    const file = await edited(await saved(here), 'evaluations.json', ([one]: object[]) => [{ ...one, moment }]);
    const details = { kind: 'project-invalid', entry: expect.stringContaining('evaluations.json') as string };
    await expect(open(there, file)).rejects.toMatchObject({ details });
  });
});

describe('a project that lacks a model', () => {
  it('is opened with a warning if that model mines the negatives of a stage', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here, 'e', 'r');
    const stored = (await here.get('experiments', 'e'))!;
    const [stage] = stored.experiment.stages;
    const model = { ...stored.experiment.model!, contentSha256: 'e'.repeat(64) };
    const negatives = {
      from: 'mined',
      perAnchor: 1,
      firstRank: 2,
      lastRank: 3,
      relativeMargin: 0,
      pick: 'top',
    } as const;
    const stages = [{ ...stage!, negatives: { ...negatives, model } }];
    await here.put('experiments', { ...stored, experiment: { ...stored.experiment, schemaVersion: 2, stages } });
    const { warnings } = await open(there, await saved(here));
    expect(warnings).toMatchObject([{ kind: 'project-partial', fault: 'model-missing' }]);
  });
});

describe('opening a project whose contents are stored incompletely', () => {
  it('puts back lost weights and rows, and keeps the stored names', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    const { model, dataset } = await fill(here, 'e', 'r');
    const file = await saved(here);
    await open(there, file);
    const stored = { ...(await there.get('models', model.contentSha256))!, name: 'mine' };
    await there.put('models', stored);
    await there.delete('weightParts', [stored.weightsId, 0]);
    await there.delete('datasetBlocks', [dataset, 0]);
    expect(await open(there, file)).toEqual(empty);
    const healed = (await there.get('models', model.contentSha256))!;
    expect(healed).toEqual({ ...stored, weightsId: healed.weightsId });
    expect(await hasWeights(there, healed.weightsId, model.totalFloats * 4)).toBe(true);
    expect(await readRows(there, 'knowledgeBase', dataset)).toEqual(await readRows(here, 'knowledgeBase', dataset));
    expect(await open(there, file)).toEqual(empty);
    expect((await there.get('models', model.contentSha256))?.weightsId).toBe(healed.weightsId);
  });
});

describe('saving a project', () => {
  it.each(['weightParts', 'datasetBlocks'] as const)('is refused while some %s of it are lost', async (store) => {
    const db = await freshDatabase();
    const { model, dataset } = await fill(db, 'e', 'r');
    await db.delete(store, [store === 'weightParts' ? model.weightsId : dataset, 0]);
    await expect(saved(db)).rejects.toMatchObject({ details: { kind: 'storage-failed' } });
  });
});
