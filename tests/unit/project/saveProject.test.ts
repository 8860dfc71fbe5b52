import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { projectBytes } from '../../../src/domain/project/contents';
import { canonicalJson } from '../../../src/domain/canonicalJson';
import { sha256Hex } from '../../../src/domain/hash';
import { keptCheckpoint, latestCheckpoint, writeCheckpoint } from '../../../src/storage/checkpoints';
import type { Database } from '../../../src/storage/database';
import { deleteRun } from '../../../src/storage/runs';
import { sweepOrphanWeights } from '../../../src/storage/sweep';
import { measureProject } from '../../../workers/services/project/measureProject';
import { saveProject } from '../../../workers/services/project/saveProject';
import { freshDatabase, storedExperiment, stubLocks } from '../storage/support';
import { entriesOf, fileOf } from './edit';
import { contentsOf, fill, open, quiet, saved, sections, storeModel, storeRun, weightsIn } from './support';

afterEach(() => vi.unstubAllGlobals());

const weightPaths = async (file: File): Promise<string[]> =>
  [...(await entriesOf(file)).keys()].filter((path) => path.startsWith('weights/'));

describe('saving a project', () => {
  it('writes weights that the best and the newest checkpoint share once', async () => {
    const db = await freshDatabase();
    await fill(db, 'e', 'r', { steps: [1] });
    const paths = await weightPaths(await saved(db));
    // One part for the model, one for the weights of step 1, and one for each of the two moments.
    expect(paths).toHaveLength(4);
    expect(new Set(paths).size).toBe(4);
  });

  it('saves only the chosen experiments, with the data and models that they and their runs name', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    const filled = await fill(here, 'e', 'r');
    await storeModel(here, 2);
    await here.put('experiments', storedExperiment('x'));
    await storeRun(here, 'of-x', 'x', filled);
    await open(there, await saved(here, true, ['x']));
    expect(await there.getAllKeys('experiments')).toEqual(['x']);
    expect(await there.getAllKeys('runs')).toEqual(['of-x']);
    expect(await there.getAllKeys('models')).toEqual([filled.model.contentSha256]);
    expect(await there.getAllKeys('datasets')).toEqual([filled.dataset]);
  });

  it('leaves out an experiment that is deleted', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here);
    await here.put('experiments', storedExperiment('x', { deletedAt: 1 }));
    expect(await open(there, await saved(here))).toMatchObject({ experiments: 1 });
  });

  it('carries a listed batch order and the model behind a former identity', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    const { experiment, model } = await fill(here);
    const batches = [[0, 1]];
    const sha256 = await sha256Hex(canonicalJson(batches));
    await here.put('batchLists', { sha256, batches });
    const files = { ...model.files, 'tokenizer_config.json': '{"do_lower_case": false}' };
    const settings = canonicalJson({ do_lower_case: false });
    const identity = await sha256Hex(canonicalJson({ base: model.contentSha256, settings }));
    await here.put('models', { ...model, files, contentSha256: identity });
    await here.put('models', { ...model, files, aliasOf: identity });
    const [stage] = experiment.stages;
    const listed = { ...experiment, stages: [{ ...stage, batching: { kind: 'listed', sha256 } }] } as typeof experiment;
    await here.put('experiments', storedExperiment('e', { experiment: listed }));
    await open(there, await saved(here));
    expect(await there.getAll('batchLists')).toEqual([{ sha256, batches }]);
    const models = await there.getAll('models');
    expect(models.map(({ contentSha256 }) => contentSha256).sort()).toEqual([identity, model.contentSha256].sort());
    expect(new Set(models.map(({ weightsId }) => weightsId)).size).toBe(1);
    expect([...(await weightsIn(there)).keys()].filter((id) => id.startsWith('model'))).toHaveLength(1);
  });

  it('falls back to the checkpoint before a damaged one and leaves out runs whose kept weights are damaged', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here, 'e', 'r', { status: 'interrupted', steps: [1, 2] });
    const damage = async (weightsId = '') => here.put('weightParts', { weightsId, part: 0, bytes: new ArrayBuffer(4) });
    await damage((await latestCheckpoint(here, 'r'))?.weightsId);
    await open(there, await saved(here));
    expect((await latestCheckpoint(there, 'r'))?.step).toBe(1);
    await damage((await keptCheckpoint(here, 'r')).weights.weightsId);
    const choice = { experimentIds: ['e'], optimizerState: true };
    const { warnings } = await saveProject(here, 'test', choice, quiet);
    expect(warnings).toMatchObject([{ kind: 'project-partial', name: 'one', fault: 'weights-damaged', runId: 'r' }]);
  });
});

describe('saving a project without optimizer state', () => {
  it('keeps only the kept weights of a finished run, which can be saved again, and nothing to resume', async () => {
    const [here, there, third] = [await freshDatabase(), await freshDatabase(), await freshDatabase()];
    await fill(here, 'e', 'r', { steps: [1, 2] });
    const file = await saved(here, false);
    expect(await weightPaths(file)).toHaveLength(2);
    await open(there, file);
    await open(third, await saved(there, true));
    for (const db of [there, third]) {
      const [kept, original] = [await keptCheckpoint(db, 'r'), await keptCheckpoint(here, 'r')];
      expect(kept.step).toBe(original.step);
      expect((await weightsIn(db)).get(kept.weights.weightsId)).toEqual(
        (await weightsIn(here)).get(original.weights.weightsId),
      );
      expect(await latestCheckpoint(db, 'r')).toBeUndefined();
    }
    expect((await contentsOf(there))['runEvents']).toEqual((await contentsOf(here))['runEvents']);
  });

  it('cuts the weights from the newest checkpoint if the last weights are the kept ones', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    const filled = await fill(here);
    const last = { ...filled.experiment.evaluation, checkpoint: 'last' as const };
    await storeRun(here, 'last', 'e', { ...filled, experiment: { ...filled.experiment, evaluation: last } });
    await open(there, await saved(here, false));
    const [kept, original] = [await keptCheckpoint(there, 'last'), await keptCheckpoint(here, 'last')];
    expect(kept.step).toBe(2);
    const bytes = (await weightsIn(here)).get(original.weights.weightsId)?.slice(0, filled.model.totalFloats * 4);
    expect((await weightsIn(there)).get(kept.weights.weightsId)).toEqual(bytes);
  });

  it('leaves out an unfinished run and says so', async () => {
    const here = await freshDatabase();
    const filled = await fill(here);
    await storeRun(here, 'half', 'e', filled, { status: 'interrupted' });
    const choice = { experimentIds: ['e'], optimizerState: false };
    const { zip, warnings } = await saveProject(here, 'test', choice, quiet);
    expect(warnings).toMatchObject([{ kind: 'project-partial', name: 'one', fault: 'unfinished', runId: 'half' }]);
    const there = await freshDatabase();
    expect(await open(there, new File([zip], 'p.zip'))).toMatchObject({ runs: 1, warnings: [] });
  });
});

describe('the size of a project before it is saved', () => {
  it.each([true, false])('is the size of the file, with shared parts counted once (state: %s)', async (state) => {
    const db = await freshDatabase();
    const filled = await fill(db, 'e', 'r', { steps: [1, 2] });
    await db.put('experiments', storedExperiment('x', { experiment: filled.experiment }));
    await storeRun(db, 'of-x', 'x', filled, { loss: 7, status: 'interrupted' });
    const contents = await measureProject(db);
    expect(contents.map(({ experimentId, runs, unfinished }) => [experimentId, runs, unfinished]).sort()).toEqual([
      ['e', 1, 0],
      ['x', 1, 1],
    ]);
    for (const chosen of [['e'], ['x'], ['e', 'x']]) {
      const file = await saved(db, state, chosen);
      const estimate = projectBytes(contents, new Set(chosen), state);
      // The zip's directory and the manifest of hashes are not counted.
      expect(Math.abs(estimate - file.size), chosen.join()).toBeLessThan(15_000);
      const weights = contents.map(({ parts, ...rest }) => ({
        ...rest,
        parts: parts.filter(({ key }) => /^model-|^(r|of-x) /.test(key)),
      }));
      let bytes = 0;
      for (const [path, content] of await entriesOf(file)) if (path.startsWith('weights/')) bytes += content.length;
      expect(projectBytes(weights, new Set(chosen), state), chosen.join()).toBe(bytes);
    }
  });
});

describe('saving a project while a run writes', () => {
  /** Saves while a run continues: replaces both checkpoints as soon as the first entry is written. */
  async function savedWhile(db: Database, write: () => Promise<unknown>): Promise<File> {
    let writing: Promise<unknown> | undefined;
    const choice = { experimentIds: ['e'], optimizerState: true };
    const { zip, warnings } = await saveProject(db, 'test', choice, () => (writing ??= write()));
    await writing;
    expect(warnings).toEqual([]);
    return new File([zip], 'p.zip');
  }

  it('produces a file that opens with the run as it was at the start', async () => {
    stubLocks();
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    const { model } = await fill(here, 'e', 'r', { status: 'running', steps: [1, 2] });
    const before = await contentsOf(here);
    const loopState = { bestDev: 1, bestStep: 3, elapsedMs: 1 };
    const file = await savedWhile(here, async () => {
      for (const step of [3, 4]) {
        const of = { runId: 'r', step, loopState };
        await writeCheckpoint(here, { ...of, role: 'latest', sections: sections(model.totalFloats, [8, 8, 8]) });
        await writeCheckpoint(here, { ...of, role: 'best', sections: sections(model.totalFloats, [8]) });
      }
    });
    expect((await here.getAll('checkpoints')).map(({ step }) => step)).toEqual([3, 4, 4]);
    expect(await open(there, file)).toEqual({ experiments: 1, runs: 1, warnings: [] });
    const after = await contentsOf(there);
    expect(after['runEvents']).toEqual(before['runEvents']);
    expect((await there.getAll('checkpoints')).map(({ step, role }) => [role, step]).sort()).toEqual([
      ['best', 1],
      ['latest', 2],
    ]);
  });

  it('produces a complete file even if the run is deleted meanwhile', async () => {
    stubLocks();
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    await fill(here, 'e', 'r');
    const file = await savedWhile(here, async () => {
      await deleteRun(here, 'r');
      await sweepOrphanWeights(here, 'checkpoint');
    });
    expect(await open(there, file)).toEqual({ experiments: 1, runs: 1, warnings: [] });
    expect(await sweepOrphanWeights(here, 'checkpoint')).toBeGreaterThan(0);
  });
});

/** Returns the entries of a project file of format 1, which stored weights under their ids. */
async function entriesOfFormat1(here: Database): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const entries = new Map<string, Uint8Array<ArrayBuffer>>();
  const json = (path: string, value: unknown) => entries.set(path, new TextEncoder().encode(JSON.stringify(value)));
  for (const block of await here.getAll('datasetBlocks'))
    json(`datasetBlocks/${block.contentSha256}/${block.block}.json`, block);
  for (const runId of await here.getAllKeys('runs'))
    json(`runEvents/${runId}.json`, await here.getAll('runEvents', IDBKeyRange.bound([runId, 0], [runId, Infinity])));
  for (const [weightsId, bytes] of await weightsIn(here))
    entries.set(`weightParts/${weightsId}/0.bin`, Uint8Array.from(bytes));
  for (const store of ['batchLists', 'evaluations', 'models', 'datasets', 'runs', 'experiments'] as const)
    json(`${store}.json`, await here.getAll(store));
  const bytes = await weightsIn(here);
  const checkpoints = (await here.getAll('checkpoints')).map(async ({ parts: _, ...checkpoint }) => ({
    ...checkpoint,
    sha256: await sha256Hex(Uint8Array.from(bytes.get(checkpoint.weightsId) ?? [])),
  }));
  json('checkpoints.json', await Promise.all(checkpoints));
  return entries;
}

it('a project file of format 1 opens without a run whose weights were replaced while it was being saved', async () => {
  const [here, there] = [await freshDatabase(), await freshDatabase()];
  const filled = await fill(here, 'e', 'r', { steps: [1] });
  await storeRun(here, 'r2', 'e', filled, { loss: 7 });
  const entries = await entriesOfFormat1(here);
  entries.delete(`weightParts/${(await keptCheckpoint(here, 'r2')).weights.weightsId}/0.bin`);
  expect(await open(there, await fileOf(entries, 1))).toMatchObject({
    experiments: 1,
    runs: 1,
    warnings: [{ fault: 'weights-missing', runId: 'r2' }],
  });
  // JSON had no infinite numbers in format 1.
  const finite = (events: unknown) => JSON.parse(JSON.stringify(events)) as unknown;
  const [before, after] = [await contentsOf(here), await contentsOf(there)];
  const ofR = (rows: unknown[] = []) => rows.filter((row) => (row as { runId: string }).runId === 'r');
  expect(finite(after['runEvents'])).toEqual(finite(ofR(before['runEvents'])));
  expect(after['checkpoints']).toEqual(ofR(before['checkpoints']));
  expect(after['models']).toEqual(before['models']);
});

it('opening a project file of format 1 leaves out a run whose kept weights do not match their hash', async () => {
  const [here, there] = [await freshDatabase(), await freshDatabase()];
  await fill(here, 'e', 'r', { steps: [1] });
  const entries = await entriesOfFormat1(here);
  entries.get(`weightParts/${(await keptCheckpoint(here, 'r')).weights.weightsId}/0.bin`)?.fill(9, 0, 4);
  expect(await open(there, await fileOf(entries, 1))).toMatchObject({
    experiments: 1,
    runs: 0,
    warnings: [{ fault: 'weights-damaged', runId: 'r' }],
  });
  expect(await there.count('runEvents')).toBe(0);
  expect([...(await weightsIn(there)).keys()].filter((id) => id.startsWith('checkpoint'))).toEqual([]);
});
