import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { canStatePooling, listingOfGraph } from '../../../src/domain/import/chooseOnnxFiles';
import {
  downloadIdOf,
  listingBytes,
  parseHostAddress,
  type HubHost,
  type HubListing,
} from '../../../src/domain/import/hub';
import type { Pooling } from '../../../src/domain/model';
import { graphPrecision, type OnnxModel } from '../../../src/domain/onnxModel';
import { openDatabase, type Database } from '../../../src/storage/database';
import { listDownloads } from '../../../src/storage/downloads';
import { readOnnxFile } from '../../../src/storage/onnxModels';
import { fetchHubModel } from '../../../workers/services/import/fetchHubModel';
import { importOnnx } from '../../../workers/services/import/importOnnx';
import { listHubModel } from '../../../workers/services/import/listHubModel';
import { startHub, type Hub } from './hubServer';
import { sizes, vocab } from './tinyModel';

const id = 'someone/a-model-onnx';
const quiet = (): void => undefined;
const bytes = (length: number, seed: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => (i * seed) % 251));
const files: Record<string, Buffer> = {
  'README.md': Buffer.from('about'),
  'config.json': Buffer.from(JSON.stringify(sizes)),
  'tokenizer.json': Buffer.from(JSON.stringify({ model: { type: 'WordPiece', vocab: vocab(5) } })),
  'model.safetensors': bytes(9000, 3),
  'onnx/model.onnx': bytes(5000, 5),
  'onnx/model.onnx_data': bytes(70_000, 7),
  'onnx/model.onnx_data_1': bytes(6000, 11),
  'onnx/model_quantized.onnx': bytes(8000, 13),
};
const pooling = { '1_Pooling/config.json': Buffer.from('{"pooling_mode_cls_token": true}') };

let hub: Hub;
let db: Database;
beforeEach(async () => {
  const estimate = () => Promise.resolve({ quota: 1e9, usage: 0 });
  vi.stubGlobal('navigator', { onLine: true, storage: { estimate } });
  db = await openDatabase(`hub-onnx-${crypto.randomUUID()}`);
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await hub.close();
});

const list = (): Promise<HubListing> =>
  listHubModel({ host: parseHostAddress(hub.url) as HubHost, id, revision: '' }, null, 'onnx');
async function fetchGraph(graph: string, chosen: Pooling | null = null): Promise<OnnxModel> {
  const listing = listingOfGraph(await list(), { graph, pooling: chosen });
  const patience = { tries: 1, firstWaitMs: 1, silenceMs: 5000, mostWaitMs: 1 };
  const options = { token: null, signal: new AbortController().signal, progress: quiet, patience };
  return fetchHubModel(db, listing, options, (got, more) =>
    importOnnx(db, got, listing.onnx, { ...more, name: id, progress: quiet }),
  );
}
const fetched = (): string[] =>
  hub.requests.flatMap(({ line }) => /^GET \S*\/resolve\/[0-9a-f]+\/(\S+)/.exec(line)?.[1] ?? []);

describe('an ONNX model on a hub', () => {
  it('is listed with every graph and its data but without weights to train, and nothing is fetched', async () => {
    hub = await startHub({ id, files });
    const listed = await list();
    expect(listed.files.map(({ path }) => path)).toEqual([
      ...['config.json', 'tokenizer.json', 'onnx/model.onnx', 'onnx/model.onnx_data', 'onnx/model.onnx_data_1'],
      'onnx/model_quantized.onnx',
    ]);
    const { files: chosen } = listingOfGraph(listed, { graph: 'onnx/model_quantized.onnx', pooling: 'cls' });
    expect(chosen.map(({ path }) => path)).toEqual(['config.json', 'tokenizer.json', 'onnx/model_quantized.onnx']);
    expect(listingBytes({ files: chosen })).toBeGreaterThan(8000);
    expect(fetched()).toEqual([]);
  });

  it('is stored with its origin and the bytes of graph and data, and only those files are fetched', async () => {
    hub = await startHub({ id, files: { ...files, ...pooling } });
    const model = await fetchGraph('onnx/model.onnx');
    expect(model).toMatchObject({ name: id, hub: { id, commit: hub.commit }, defaults: { pooling: { value: 'cls' } } });
    for (const file of [model.graph, ...model.data])
      expect(Buffer.from(await (await readOnnxFile(db, file)).arrayBuffer())).toEqual(files[file.path]);
    expect(model.data.map(({ path }) => path)).toEqual(['onnx/model.onnx_data', 'onnx/model.onnx_data_1']);
    expect(fetched()).not.toContain('model.safetensors');
    expect(fetched()).not.toContain('onnx/model_quantized.onnx');
    expect([await db.count('downloads'), await db.count('downloadParts')]).toEqual([0, 0]);
  });

  it('continues after the bytes that arrived before the connection broke', async () => {
    hub = await startHub({ id, files });
    hub.behave['onnx/model.onnx_data'] = { cut: { after: 40_000, times: 1 } };
    await expect(fetchGraph('onnx/model.onnx', 'mean')).rejects.toMatchObject({ details: { fault: 'broken-off' } });
    const [partial] = await listDownloads(db);
    expect(partial?.listing.onnx).toEqual({ graph: 'onnx/model.onnx', pooling: 'mean' });
    await fetchGraph('onnx/model.onnx', 'mean');
    const ranges = hub.requests.filter(({ line }) => line.includes('model.onnx_data bytes='));
    expect(ranges.map(({ line }) => line.split('bytes=')[1])).toEqual([expect.stringMatching(/^[1-9]\d{3,4}-$/)]);
    expect(fetched().filter((path) => path === 'onnx/model.onnx')).toHaveLength(1);
  });

  it('is refused before its graph is fetched if no file states a pooling and none was chosen', async () => {
    hub = await startHub({ id, files });
    expect(canStatePooling((await list()).files)).toBe(false);
    await expect(fetchGraph('onnx/model.onnx')).rejects.toMatchObject({
      details: { kind: 'model-invalid', file: '1_Pooling/config.json', fault: 'pooling-unknown' },
    });
    expect(fetched()).toEqual(['config.json', 'tokenizer.json']);
    expect((await fetchGraph('onnx/model_quantized.onnx', 'mean')).defaults.pooling.value).toBe('mean');
  });

  it('is refused with the name of the file if the hub has no graph for it', async () => {
    const { 'onnx/model.onnx': _, 'onnx/model_quantized.onnx': __, ...others } = files;
    hub = await startHub({ id, files: others });
    await expect(list()).rejects.toMatchObject({ details: { fault: 'file-missing', file: 'onnx/model.onnx' } });
  });

  it('is refused if its graph has another hash than listed', async () => {
    hub = await startHub({ id, files });
    hub.behave['onnx/model_quantized.onnx'] = { claimsHash: 'ab'.repeat(32) };
    await expect(fetchGraph('onnx/model_quantized.onnx', 'cls')).rejects.toMatchObject({
      details: { fault: 'hash-differs', file: 'onnx/model_quantized.onnx' },
    });
    expect(await db.count('onnxModels')).toBe(0);
  });

  it('has a download of its own, so that one of the weights of the same model keeps its bytes', async () => {
    hub = await startHub({ id, files });
    const listed = await list();
    const ids = ['onnx/model.onnx', 'onnx/model_quantized.onnx'].map((graph) =>
      downloadIdOf(listingOfGraph(listed, { graph, pooling: null })),
    );
    expect(new Set([...ids, downloadIdOf(listed)]).size).toBe(3);
  });
});

it('the name of a graph tells the precision of its weights, or nothing', () => {
  const names = ['model', 'model_fp16', 'model_quantized', 'model_int8', 'model_qint8_avx512_vnni', 'model_q4f16', 'x'];
  expect(names.map((name) => graphPrecision(`onnx/${name}.onnx`))).toEqual([
    ...['fp32', 'fp16', 'q8', 'q8', 'q8', 'q4', null],
  ]);
});
