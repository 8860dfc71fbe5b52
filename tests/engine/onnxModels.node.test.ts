import 'fake-indexeddb/auto';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { candidateId, type Candidate } from '../../src/domain/evaluate/candidate';
import type { AppErrorDetails } from '../../src/domain/errors';
import { poolings, type Pooling, type StoredModel } from '../../src/domain/model';
import type { QuestionPart } from '../../src/domain/records';
import type { FolderFile } from '../../src/protocol/dataApi';
import type { CompareProgress } from '../../src/protocol/compareApi';
import type { Database } from '../../src/storage/database';
import { deleteUnused } from '../../src/storage/deleteUnused';
import { getModel } from '../../src/storage/models';
import { listOnnxModels, readOnnxFile } from '../../src/storage/onnxModels';
import { sweepOrphanWeights } from '../../src/storage/sweep';
import { weightPartsOf } from '../../src/storage/weightKeys';
import { readTensors } from '../../src/storage/weightReader';
import { onnxModel } from '../../workers/formats/onnx/onnxModel';
import { comparedPart } from '../../workers/services/evaluate/comparedPart';
import { compareModels } from '../../workers/services/evaluate/compareModels';
import { listCandidates } from '../../workers/services/evaluate/listCandidates';
import { importOnnx } from '../../workers/services/import/importOnnx';
import { storageUse } from '../../workers/services/storage/storageUse';
import { RunControl } from '../../workers/services/train/runControl';
import { wasmBase } from './environment';
import { withExternalData } from './externalOnnx';
import { modelSha256, prepared } from './smallRun';
import { ortBase, prepareTransformers } from './transformersRuntime';

beforeAll(prepareTransformers);

/** Returns the folder that an export of the small model would have, with its own pooling unless `states` is false. */
async function folderOf(db: Database, pooling: Pooling, { states = true } = {}): Promise<FolderFile[]> {
  const model = await getModel(db, modelSha256);
  if (!model) throw new Error('no model');
  const tensors = new Map<string, Float32Array<ArrayBuffer>>();
  for await (const [{ name }, values] of readTensors(db, model, model.tensors)) tensors.set(name, values);
  const producer = { name: 'recallsmith', version: 'test' };
  const read = (name: string) => Promise.resolve(tensors.get(name) ?? new Float32Array());
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of onnxModel({ config: model.config, pooling, normalize: true, producer, read }))
    pieces.push(piece);
  const stated = { [`pooling_mode_${{ mean: 'mean_tokens', cls: 'cls_token', last: 'lasttoken' }[pooling]}`]: true };
  return [
    text('config.json', configOf(model)),
    text('tokenizer.json', JSON.parse(model.files['tokenizer.json'] ?? '')),
    ...(states ? [text('1_Pooling/config.json', stated)] : []),
    { path: 'onnx/model.onnx', file: new File(pieces, 'model.onnx') },
  ];
}

const text = (path: string, value: unknown): FolderFile => ({ path, file: new File([JSON.stringify(value)], path) });

const configOf = ({ config }: StoredModel) => ({
  model_type: 'bert',
  hidden_size: config.hiddenSize,
  num_hidden_layers: config.layers,
  num_attention_heads: config.heads,
  max_position_embeddings: config.maxPositions,
});

const graph = 'onnx/model.onnx';
const named = { name: 'exported', progress: () => undefined };

async function compare(db: Database, candidates: readonly Candidate[], part: QuestionPart = 'dev') {
  const ended = new Map<string, AppErrorDetails | null>();
  const seen: CompareProgress['what'][] = [];
  const reports = {
    progress: ({ what }: CompareProgress) => void seen.push(what),
    ended: (id: string, error: AppErrorDetails | null) => void ended.set(id, error),
  };
  const deps = { db, control: new RunControl(), device: 'wasm' as const, wasmBaseUrl: wasmBase, ortBaseUrl: ortBase };
  await compareModels({ experimentId: 'e', part, candidates }, { ...deps, ...reports });
  return { ended, seen, errors: candidates.map((one) => ended.get(candidateId(one))) };
}

async function candidatesOf(db: Database) {
  const options = await listCandidates(db, 'e');
  const find = (kind: Candidate['kind']) => options.find(({ candidate }) => candidate.kind === kind);
  return { base: find('base'), onnx: find('onnx') };
}

/** Returns the stored vectors of each model, those of the passages first. */
async function vectorsOf(db: Database) {
  const sets = (await db.getAll('vectorSets')).sort((a, b) => b.count - a.count);
  const read = async (isOnnx: boolean) => {
    const own = sets.filter(({ name }) => name.endsWith('.onnx)') === isOnnx);
    const rows: number[] = [];
    for (const { pieces } of own) for (const piece of pieces) rows.push(...new Float32Array(await piece.arrayBuffer()));
    return rows;
  };
  return { engine: await read(false), onnx: await read(true) };
}

describe('a model that transformers.js runs', () => {
  it.each(poolings)(
    'has the vectors and the ranks of the same model in the engine with %s pooling, and asks no server',
    async (pooling) => {
      const { db } = await prepared({}, { passages: 40 });
      const fetched = vi.spyOn(globalThis, 'fetch');
      await importOnnx(db, await folderOf(db, pooling), { graph, pooling: null }, named);
      const { base, onnx } = await candidatesOf(db);
      if (base?.candidate.kind !== 'base' || onnx?.candidate.kind !== 'onnx') throw new Error('no models');
      expect(onnx.settings).toMatchObject({ pooling, maxTokens: 12 });
      expect(onnx.name).toBe('exported (model.onnx)');
      const same: Candidate = { kind: 'base', model: { ...base.candidate.model, pooling } };
      const { errors } = await compare(db, [same, onnx.candidate]);
      expect(errors).toEqual([null, null]);
      expect(fetched.mock.calls.filter(([url]) => typeof url !== 'string' || !url.startsWith(wasmBase))).toEqual([]);
      const { models } = await comparedPart(db, 'e', 'dev');
      const resultsOf = (candidate: Candidate) => models.find(({ id }) => id === candidateId(candidate))?.results;
      const ranks = (candidate: Candidate) => resultsOf(candidate)?.map((one) => one.ranks);
      expect(ranks(onnx.candidate)).toHaveLength(6);
      expect(ranks(onnx.candidate)).toEqual(ranks(same));
      const vectors = await vectorsOf(db);
      expect(vectors.onnx).toHaveLength((40 + 6) * 8);
      const worst = vectors.onnx.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - (vectors.engine[i] ?? NaN))),
        0,
      );
      expect(worst).toBeLessThan(1e-5);
    },
  );

  it('encodes only new questions the next time, and fuses with the keyword search', async () => {
    const { db } = await prepared({}, { passages: 40 });
    await importOnnx(db, await folderOf(db, 'mean'), { graph, pooling: null }, named);
    const { onnx } = await candidatesOf(db);
    if (onnx?.candidate.kind !== 'onnx') throw new Error('no model');
    expect((await compare(db, [onnx.candidate])).seen).toContain('passages');
    const fused: Candidate = { kind: 'fused', dense: onnx.candidate };
    const next = await compare(db, [onnx.candidate, fused], 'test');
    expect(next.errors).toEqual([null, null]);
    expect(next.seen).toContain('questions');
    expect(next.seen).not.toContain('passages');
  });

  it('runs with external data, whatever config.json says to transformers.js about other files', async () => {
    const { db } = await prepared({}, { passages: 40 });
    const folder = await folderOf(db, 'mean');
    const model = await getModel(db, modelSha256);
    const whole = folder.find(({ path }) => path === graph);
    if (!model || !whole) throw new Error('no model');
    const { graph: frame, data } = withExternalData(new Uint8Array(await whole.file.arrayBuffer()), 'named.onnx_data');
    const settings = { use_external_data_format: { 'model.onnx': 2 }, free_dimension_overrides: { batch: 3 } };
    const files = [
      ...folder.filter(({ path }) => path !== graph && path !== 'config.json'),
      text('config.json', { ...configOf(model), 'transformers.js_config': settings }),
      { path: 'onnx/named.onnx', file: new File([frame as BlobPart], 'named.onnx') },
      { path: 'onnx/named.onnx_data', file: new File([data as BlobPart], 'named.onnx_data') },
    ];
    const { data: stored } = await importOnnx(db, files, { graph: 'onnx/named.onnx', pooling: null }, named);
    expect(stored).toMatchObject([{ path: 'onnx/named.onnx_data', bytes: data.length }]);
    const { base, onnx } = await candidatesOf(db);
    if (!base || !onnx) throw new Error('no models');
    expect((await compare(db, [base.candidate, onnx.candidate])).errors).toEqual([null, null]);
    const { models } = await comparedPart(db, 'e', 'dev');
    const [first, second] = models.map(({ results }) => results.map(({ ranks }) => ranks));
    expect(second).toEqual(first);
  });

  it('is refused without a pooling in its folder, until one is chosen', async () => {
    const { db } = await prepared({}, { passages: 40 });
    const folder = await folderOf(db, 'cls', { states: false });
    await expect(importOnnx(db, folder, { graph, pooling: null }, named)).rejects.toMatchObject({
      details: { kind: 'model-invalid', file: '1_Pooling/config.json', fault: 'pooling-unknown' },
    });
    expect(await db.count('onnxModels')).toBe(0);
    const { defaults } = await importOnnx(db, folder, { graph, pooling: 'cls' }, named);
    expect(defaults.pooling).toEqual({ value: 'cls', guessed: false });
    await importOnnx(db, folder, { graph, pooling: 'mean' }, named);
    expect((await listOnnxModels(db)).map((model) => model.defaults.pooling.value).sort()).toEqual(['cls', 'mean']);
  });

  it('fails with a reason if the graph cannot be run, and the others are compared all the same', async () => {
    const { db } = await prepared({}, { passages: 40 });
    const folder = await folderOf(db, 'mean');
    const broken = [...folder.slice(0, -1), { path: graph, file: new File(['no graph'], 'model.onnx') }];
    await importOnnx(db, broken, { graph, pooling: null }, named);
    const { base, onnx } = await candidatesOf(db);
    if (!base || !onnx) throw new Error('no models');
    const { errors } = await compare(db, [onnx.candidate, base.candidate]);
    expect(errors).toEqual([{ kind: 'onnx-failed', model: 'exported (model.onnx)', reason: expect.any(String) }, null]);
  });

  it('is listed in the storage with its size, survives the sweep, and is deleted with its bytes', async () => {
    const { db } = await prepared({}, { passages: 40 });
    const folder = await folderOf(db, 'mean');
    const partsBefore = await db.count('weightParts');
    const model = await importOnnx(db, folder, { graph, pooling: null }, named);
    const again = await importOnnx(db, folder, { graph, pooling: null }, named);
    expect(again.contentSha256).toBe(model.contentSha256);
    await sweepOrphanWeights(db, 'model');
    expect(await db.count('weightParts')).toBe(partsBefore + 1);
    // A comparison may be reading the earlier bytes.
    expect((await listOnnxModels(db)).map(({ graph: stored }) => stored.weightsId)).toEqual([model.graph.weightsId]);
    expect(again.graph.weightsId).toBe(model.graph.weightsId);
    await db.delete('weightParts', weightPartsOf(model.graph.weightsId));
    const repaired = await importOnnx(db, folder, { graph, pooling: null }, named);
    expect((await readOnnxFile(db, repaired.graph)).size).toBe(repaired.graph.bytes);
    expect(await db.count('weightParts')).toBe(partsBefore + 1);
    const items = (await storageUse(db)).filter(({ kind }) => kind === 'onnxModel');
    expect(items).toMatchObject([{ ids: [model.contentSha256], name: 'exported (model.onnx)', usedBy: [] }]);
    expect(items[0]?.bytes).toBeGreaterThan(model.graph.bytes);
    const { onnx } = await candidatesOf(db);
    await compare(db, onnx ? [onnx.candidate] : []);
    expect((await comparedPart(db, 'e', 'dev')).models).toHaveLength(1);
    expect(await deleteUnused(db, 'onnxModel', [model.contentSha256])).toBe(true);
    expect([await db.count('weightParts'), await db.count('onnxModels')]).toEqual([partsBefore, 0]);
    expect((await comparedPart(db, 'e', 'dev')).models).toEqual([]);
    expect((await candidatesOf(db)).onnx).toBeUndefined();
  });

  it('is refused by name if its graph is missing, empty or only a pointer to a large file', async () => {
    const { db } = await prepared({}, { passages: 40 });
    const folder = await folderOf(db, 'mean');
    const withGraph = (file: File) => [...folder.slice(0, -1), { path: graph, file }];
    const refused = (files: FolderFile[], path = graph) =>
      importOnnx(db, files, { graph: path, pooling: null }, named).then(
        () => null,
        (thrown: { details: AppErrorDetails }) => thrown.details,
      );
    const pointer = new File(['version https://git-lfs.github.com/spec/v1\noid'], 'model.onnx');
    expect(await refused(folder, 'onnx/other.onnx')).toMatchObject({ file: 'onnx/other.onnx', fault: 'missing-file' });
    expect(await refused(withGraph(new File([], 'model.onnx')))).toMatchObject({ file: graph, fault: 'empty' });
    expect(await refused(withGraph(pointer))).toMatchObject({ file: graph, fault: 'lfs-pointer' });
    expect(await refused(folder.filter(({ path }) => path !== 'tokenizer.json'))).toMatchObject({
      fault: 'missing-file',
    });
    expect(await db.count('onnxModels')).toBe(0);
  });
});
