import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { experimentModelOf, defaultExperiment } from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import type { FileDType } from '../../../src/domain/modelTensors';
import { openDatabase, type Database } from '../../../src/storage/database';
import { getModel, putModel } from '../../../src/storage/models';
import { readTensors } from '../../../src/storage/weightReader';
import { sweepOrphanWeights } from '../../../src/storage/sweep';
import { openSafetensors } from '../../../workers/formats/safetensors';
import type { TensorFile } from '../../../workers/formats/tensorFile';
import { importModel } from '../../../workers/services/import/importModel';
import { storedExperiment } from '../storage/support';
import { openProject } from '../../../workers/services/project/openProject';
import { saveProject } from '../../../workers/services/project/saveProject';
import type { ExportSource } from '../../../workers/services/report/exportSource';
import { modelCard } from '../../../workers/services/report/exportModelCard';
import { checkSafetensors } from '../../../workers/services/report/checkSafetensors';
import {
  missingPooler,
  safetensors as exportedWeights,
  untrainedReader,
  withUntrained,
} from '../../../workers/services/report/exportWeights';
import { tinyFolder, tinyTensors, type Tensor } from '../import/tinyModel';

const open = (): Promise<Database> => openDatabase(`test-${crypto.randomUUID()}`);
const quiet = (): void => undefined;
const names = ['pooler.dense.weight', 'pooler.dense.bias'];

/** Small finite numbers; no other number format would preserve their bytes. */
function pooler(width: number, dtype: FileDType, prefix = 'bert.', first = 200): Tensor[] {
  const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count * width }, (_, i) => (first + i) % 64);
  return [
    { name: `${prefix}${names[0]}`, shape: [8, 8], dtype, values: bytes(64) },
    { name: `${prefix}${names[1]}`, shape: [8], dtype, values: bytes(8) },
  ];
}
const encoder = (prefix = 'bert.'): Tensor[] =>
  tinyTensors().map((tensor) => ({ ...tensor, name: `${prefix}${tensor.name}` }));

const imported = async (db: Database, more: Tensor[], texts: Record<string, string> = {}): Promise<StoredModel> =>
  importModel(await tinyFolder(texts, [...encoder(), ...more]), 'x', quiet, db);

/** Returns the source from which the export of an untrained run reads. */
async function sourceOf(db: Database, stored: StoredModel): Promise<ExportSource> {
  const model = await withUntrained(db, stored);
  return {
    model,
    settings: experimentModelOf(model),
    run: { experiment: defaultExperiment() } as ExportSource['run'],
    before: undefined,
    after: undefined,
    testVector: { text: '', values: [] },
    read: async (name) => {
      const range = model.tensors.filter((tensor) => tensor.name === name);
      for await (const [, values] of readTensors(db, { weightsId: model.weightsId }, range)) return values;
      throw new Error(name);
    },
    readUntrained: await untrainedReader(db, model),
  };
}

async function exported(db: Database, model: StoredModel): Promise<{ file: TensorFile; blob: Blob }> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of exportedWeights(await sourceOf(db, model))) pieces.push(piece);
  const blob = new Blob(pieces);
  return { file: await openSafetensors(blob, 'model.safetensors'), blob };
}

describe('the pooler of a base model', () => {
  it.each<[FileDType, number]>([
    ['F32', 4],
    ['F16', 2],
    ['F64', 8],
  ])('is exported byte for byte in its own type, %s', async (dtype, width) => {
    const db = await open();
    const tensors = pooler(width, dtype);
    const { file, blob } = await exported(db, await imported(db, tensors));
    for (const [i, name] of names.entries()) {
      expect(file.tensors.get(name)).toMatchObject({ dtype, shape: tensors[i]?.shape });
      expect(await file.readBytes(name)).toEqual(tensors[i]?.values);
    }
    const { values } = tinyTensors().at(-1) ?? {};
    expect(await file.read('encoder.layer.0.output.LayerNorm.bias')).toEqual(values);
    await checkSafetensors(blob, await sourceOf(db, await imported(db, tensors)));
  });

  it('is compared with the stored bytes once the file is written', async () => {
    const db = await open();
    const model = await imported(db, pooler(4, 'F32'));
    const { blob } = await exported(db, model);
    const bytes = new Uint8Array(await blob.arrayBuffer());
    bytes[bytes.length - 1]! ^= 1;
    await expect(checkSafetensors(new Blob([bytes]), await sourceOf(db, model))).rejects.toMatchObject({
      details: { file: 'model.safetensors', fault: 'tensor-differs', tensor: 'pooler.dense.bias' },
    });
  });

  it('is checked in its own type, and no tensor of the model may be missing beside it', async () => {
    const db = await open();
    const source = await sourceOf(db, await imported(db, pooler(4, 'F32')));
    const { blob } = await exported(db, source.model);
    const { tensors, untrained } = source.model;
    const more = { ...source.model, tensors: [...tensors, { ...tensors[0]!, name: 'lost' }] };
    await expect(checkSafetensors(blob, { ...source, model: more })).rejects.toMatchObject({
      details: { file: 'model.safetensors', fault: 'tensor-missing', tensor: 'lost' },
    });
    const [weight, ...rest] = untrained!.tensors;
    const other = { ...untrained!, tensors: [{ ...weight!, dtype: 'I32' as FileDType }, ...rest] };
    await expect(
      checkSafetensors(blob, { ...source, model: { ...source.model, untrained: other } }),
    ).rejects.toMatchObject({ details: { fault: 'tensor-differs', tensor: 'pooler.dense.weight' } });
  });

  it('changes neither the identity nor the weights of the model', async () => {
    const [plain, db] = [await open(), await open()];
    const without = await imported(plain, []);
    const model = await imported(db, pooler(4, 'F32'));
    expect(model.contentSha256).toBe(without.contentSha256);
    expect(model.tensors).toEqual(without.tensors);
  });

  it('is kept only beside an encoder, without heads and leftovers of an optimizer', async () => {
    const db = await open();
    const others = [
      'cls.predictions.bias',
      'cls.pooler.dense.bias',
      'bert.pooler.dense.bias.exp_avg',
      'classifier.bias',
    ];
    const extra = others.map((name) => ({ name, shape: [8], values: new Float32Array(8) }));
    const { file } = await exported(db, await imported(db, [...extra, ...pooler(4, 'F32')]));
    expect([...file.tensors.keys()].sort()).toEqual([...tinyTensors().map(({ name }) => name), ...names].sort());
  });

  it('is refused if config.json does not allow its shape', async () => {
    const [, bias] = pooler(4, 'F32');
    const wrong = { ...bias!, shape: [4], values: new Float32Array(4), dtype: 'F32' as const };
    await expect(imported(await open(), [wrong])).rejects.toMatchObject({
      details: { fault: 'tensor-shape', tensor: 'bert.pooler.dense.bias', expected: '[8]', found: '[4]' },
    });
  });

  it('travels with a project file', async () => {
    const [here, there] = [await open(), await open()];
    const model = await imported(here, pooler(2, 'BF16'));
    const experiment = { ...defaultExperiment(), model: experimentModelOf(model) };
    await here.put('experiments', storedExperiment('e', { experiment }));
    const { zip } = await saveProject(here, 'test', { experimentIds: ['e'], optimizerState: false }, quiet);
    await openProject(there, new File([zip], 'p.zip'), () => Promise.resolve(null), quiet);
    const arrived = await getModel(there, model.contentSha256);
    expect(await (await exported(there, arrived!)).file.readBytes(names[0]!)).toEqual(pooler(2, 'BF16')[0]?.values);
  });

  it('is not deleted as an orphan', async () => {
    const db = await open();
    await imported(db, pooler(4, 'F32'));
    expect(await sweepOrphanWeights(db, 'model')).toBe(0);
  });
});

describe('a model that an earlier version imported without its pooler', () => {
  async function earlier(db: Database): Promise<StoredModel> {
    const { untrained: _, ...model } = await imported(db, []);
    await putModel(db, model);
    return model;
  }

  it('still exports, and the model card says what is missing and that importing again restores it', async () => {
    const db = await open();
    const model = await earlier(db);
    expect((await exported(db, model)).file.tensors.size).toBe(model.tensors.length);
    expect(missingPooler(model)).toEqual({ names, healable: true });
    const card = modelCard(await sourceOf(db, model));
    expect(card).toContain('import the base model again, then export again');
    expect(card).toContain('重新导入基座模型');
  });

  it('has it after an import, with the same weights', async () => {
    const db = await open();
    const model = await earlier(db);
    const again = await imported(db, pooler(4, 'F32'));
    expect(again.weightsId).toBe(model.weightsId);
    expect(missingPooler(again)).toEqual({ names: [], healable: false });
    expect((await exported(db, again)).file.tensors.has('pooler.dense.weight')).toBe(true);
    expect(modelCard(await sourceOf(db, again))).toContain('same as in the base model');
  });

  it('is also the result if an earlier version deleted bytes that it did not know', async () => {
    const db = await open();
    const model = await imported(db, pooler(4, 'F32'));
    await db.delete('weightParts', [model.untrained?.weightsId ?? '', 0]);
    expect(missingPooler((await sourceOf(db, model)).model).healable).toBe(true);
    expect((await exported(db, model)).file.tensors.size).toBe(model.tensors.length);
  });
});

describe('importing a model again', () => {
  it('replaces the pooler by that of the new folder, and leaves nothing of the old one', async () => {
    const db = await open();
    await imported(db, pooler(4, 'F32'));
    const again = await imported(db, pooler(4, 'F32', 'bert.', 7));
    expect(await (await exported(db, again)).file.readBytes(names[0]!)).toEqual(
      pooler(4, 'F32', 'bert.', 7)[0]?.values,
    );
    expect(await db.count('weightParts')).toBe(2);
  });

  it('keeps the pooler if the new folder has none, and reports a base model that never had one', async () => {
    const db = await open();
    const model = await imported(db, pooler(4, 'F32'));
    expect((await imported(db, [])).untrained).toEqual(model.untrained);
    const bare = await imported(await open(), []);
    expect(missingPooler(bare)).toEqual({ names, healable: false });
    expect(modelCard(await sourceOf(db, bare))).toContain('not in the base model');
  });

  it('does not change the pooler of another model with the same weights', async () => {
    const db = await open();
    const cls = { '1_Pooling/config.json': JSON.stringify({ pooling_mode_cls_token: true }) };
    const first = await imported(db, pooler(4, 'F32'), cls);
    await imported(db, pooler(4, 'F32', 'bert.', 7));
    await imported(db, []);
    expect(await (await exported(db, first)).file.readBytes(names[0]!)).toEqual(pooler(4, 'F32')[0]?.values);
  });
});
