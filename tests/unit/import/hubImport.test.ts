import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseHostAddress, type HubHost, type HubListing } from '../../../src/domain/import/hub';
import { storageEstimate, storageNeeded } from '../../../src/domain/import/storageNeeded';
import type { StoredModel } from '../../../src/domain/model';
import type { FolderFile } from '../../../src/protocol/dataApi';
import { openDatabase, type Database } from '../../../src/storage/database';
import { listDownloads } from '../../../src/storage/downloads';
import { fetchHubModel } from '../../../workers/services/import/fetchHubModel';
import { listHubModel } from '../../../workers/services/import/listHubModel';
import { importModel, type ModelImport } from '../../../workers/services/import/importModel';
import { startHub, type Hub } from './hubServer';
import { safetensors, sizes, tinyFolder, tinyTensors, vocab } from './tinyModel';

const id = 'someone/a-model';
const quiet = (): void => undefined;
const shardNames = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];

/** Returns the files of the tiny model on a hub, with its weights in two shards. */
async function shardedModel(config: object = sizes): Promise<Record<string, Buffer>> {
  const tensors = tinyTensors();
  const parts = [tensors.slice(0, 4), tensors.slice(4)];
  const files: Record<string, Buffer> = {
    'config.json': Buffer.from(JSON.stringify(config)),
    'tokenizer.json': Buffer.from(JSON.stringify({ model: { type: 'WordPiece', vocab: vocab(5) } })),
  };
  const map: Record<string, string> = {};
  for (const [i, part] of parts.entries()) {
    const name = shardNames[i] ?? '';
    files[name] = Buffer.from(await (await safetensors(part)).arrayBuffer());
    for (const tensor of part) map[tensor.name] = name;
  }
  files['model.safetensors.index.json'] = Buffer.from(JSON.stringify({ weight_map: map }));
  return files;
}

let hub: Hub;
let db: Database;
const listed = (): Promise<HubListing> =>
  listHubModel({ host: parseHostAddress(hub.url) as HubHost, id, revision: '' }, null);
const fetchInto = (
  listing: HubListing,
  importFiles = (files: FolderFile[], options: ModelImport) => importModel(files, id, quiet, db, options),
): Promise<StoredModel> =>
  fetchHubModel(db, listing, { token: null, signal: new AbortController().signal, progress: quiet }, importFiles);
const room = (quota: number, usage = 0): void => {
  vi.stubGlobal('navigator', { onLine: true, storage: { estimate: () => Promise.resolve({ quota, usage }) } });
};

beforeEach(async () => {
  room(1e9);
  db = await openDatabase(`hub-${crypto.randomUUID()}`);
});
afterEach(async () => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  await hub.close();
});

describe('a model that was fetched from a hub', () => {
  it('is stored with its host, id and commit, which a later import of the same folder keeps', async () => {
    hub = await startHub({ id, files: await shardedModel() });
    const { hub: origin } = await fetchInto(await listed());
    expect(origin).toEqual({ host: hub.url.slice('http://'.length, -1), id, commit: hub.commit });
    expect((await importModel(await tinyFolder(), 'folder', quiet, db)).hub).toEqual(origin);
  });

  it('has an origin, unlike a model that was imported only from a folder', async () => {
    hub = await startHub({ id, files: {} });
    expect((await importModel(await tinyFolder(), 'folder', quiet, db)).hub).toBeUndefined();
  });

  it('has the pooling and the length that its modules state, in any layout', async () => {
    const pooling = Buffer.from('{"pooling_mode": "cls"}');
    const modules = (transformer: string): Buffer =>
      Buffer.from(
        JSON.stringify([
          { type: 'x.Transformer', path: transformer },
          { type: 'x.Pooling', path: 'pool' },
        ]),
      );
    const flat = await shardedModel();
    const length = Buffer.from('{"max_seq_length": 7}');
    const inFolder = Object.entries({ ...flat, 'sentence_roberta_config.json': length }).map(([path, content]) => [
      `0_Transformer/${path}`,
      content,
    ]);
    const layouts: Record<string, Buffer>[] = [
      { ...flat, 'modules.json': modules(''), 'pool/config.json': pooling, 'sentence_roberta_config.json': length },
      { ...Object.fromEntries(inFolder), 'modules.json': modules('0_Transformer'), 'pool/config.json': pooling },
    ];
    for (const files of layouts) {
      hub = await startHub({ id, files });
      const { defaults } = await fetchInto(await listed());
      expect([defaults.pooling.value, defaults.maxTokens.value]).toEqual(['cls', 7]);
      expect(await db.count('downloadParts')).toBe(0);
      await hub.close();
    }
  });

  it('is refused before its weights are fetched if its text files show that it cannot be used', async () => {
    hub = await startHub({ id, files: { ...(await shardedModel()), '2_Dense/config.json': Buffer.from('{}') } });
    await expect(fetchInto(await listed())).rejects.toMatchObject({
      details: { kind: 'model-invalid', fault: 'module-unsupported', found: '2_Dense' },
    });
    expect(hub.requests.filter(({ line }) => line.includes('-of-'))).toEqual([]);
  });

  it('may be an XLM-RoBERTa, which is stored as BERT', async () => {
    const config = { ...sizes, model_type: 'xlm-roberta', max_position_embeddings: 12, pad_token_id: 1 };
    hub = await startHub({ id, files: await shardedModel(config) });
    expect((await fetchInto(await listed())).config.maxPositions).toBe(10);
  });
});

describe('the storage that a download takes', () => {
  it('is freed shard by shard while the model is imported', async () => {
    hub = await startHub({ id, files: await shardedModel() });
    const left: string[][] = [];
    await fetchInto(await listed(), (files, options) =>
      importModel(files, id, quiet, db, {
        ...options,
        fileDone: async (file) => {
          await options.fileDone?.(file);
          left.push(Object.keys((await listDownloads(db))[0]?.received ?? {}).filter((path) => /-of-/.test(path)));
        },
      }),
    );
    expect(left).toEqual([[shardNames[1]], []]);
    expect([await db.count('downloads'), await db.count('downloadParts')]).toEqual([0, 0]);
  });

  it('is at most the size of the model and of its largest file', () => {
    const files = [400, 300, 5].map((bytes) => ({ bytes }) as HubListing['files'][number]);
    expect(storageNeeded({ files }, 705)).toBe(705 + 400);
    expect(storageNeeded({ files }, 1400)).toBe(1400 + 400);
    expect(storageEstimate({ files })).toEqual({ float32: 705 + 400, half: 1410 + 400 });
  });

  it('is compared with the free space before the weights are fetched', async () => {
    hub = await startHub({ id, files: await shardedModel() });
    const listing = await listed();
    room(10_000, 9_000);
    await expect(fetchInto(listing)).rejects.toMatchObject({ details: { kind: 'quota-exceeded', freeBytes: 1000 } });
    expect(hub.requests.filter(({ line }) => line.includes('-of-'))).toEqual([]);
    room(1e9);
    await fetchInto(listing);
  });
});

describe('a disk that fills up', () => {
  const fill = (store: string): void => {
    const put = Reflect.get<IDBObjectStore, 'put'>(IDBObjectStore.prototype, 'put');
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value: unknown) {
      if (this.name === store) throw new DOMException('full', 'QuotaExceededError');
      return put.call(this, value);
    });
  };

  it.each(['downloadParts', 'weightParts'])('is reported with the bytes that are needed, at %s', async (store) => {
    hub = await startHub({ id, files: await shardedModel() });
    const listing = await listed();
    fill(store);
    const { details } = (await fetchInto(listing).catch((thrown: unknown) => thrown)) as { details: object };
    expect(details).toMatchObject({ kind: 'quota-exceeded', neededBytes: expect.any(Number) as number });
    expect((details as { neededBytes: number }).neededBytes).toBeGreaterThan(1000);
  });
});
