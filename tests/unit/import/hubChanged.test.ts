import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseHostAddress, type HubHost, type HubListing } from '../../../src/domain/import/hub';
import type { Database } from '../../../src/storage/database';
import { listDownloads } from '../../../src/storage/downloads';
import { downloadHubModel } from '../../../workers/services/import/hubDownload';
import { listHubModel } from '../../../workers/services/import/listHubModel';
import { freshDatabase } from '../storage/support';
import { startHub, type Hub } from './hubServer';
import { sizes } from './tinyModel';

const id = 'someone/a-model';
const weightsOf = (version: number, length = 9_000_000): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, i) => (i * (30 + version)) >> 3));
const texts = {
  'config.json': Buffer.from(JSON.stringify(sizes)),
  'tokenizer.json': Buffer.from('{"model": {"type": "WordPiece", "vocab": {}}}'),
};

let hub: Hub;
let db: Database;
/** The content that the hub serves. A test changes it under the same commit. */
let files: Record<string, Buffer>;

beforeEach(async () => {
  vi.stubGlobal('navigator', { onLine: true });
  db = await freshDatabase();
  files = { ...texts, 'model.safetensors': weightsOf(1) };
  hub = await startHub({ id, files });
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await hub.close();
});

const look = (): Promise<HubListing> =>
  listHubModel({ host: parseHostAddress(hub.url) as HubHost, id, revision: '' }, null);
async function download(listing: HubListing): Promise<Record<string, Buffer>> {
  const found = await downloadHubModel(db, listing, {
    ...{ token: null, signal: new AbortController().signal, progress: () => undefined },
    patience: { tries: 2, firstWaitMs: 1, silenceMs: 3000, mostWaitMs: 10 },
  });
  const entries = found.map(async ({ path, file }) => [path, Buffer.from(await file.arrayBuffer())] as const);
  return Object.fromEntries(await Promise.all(entries));
}
const received = async (): Promise<Record<string, unknown>> => (await listDownloads(db))[0]?.received ?? {};
/** Lists the requests for a file since the last call. */
function requestsFor(path: string): string[] {
  const lines = hub.requests.splice(0).map(({ line }) => line);
  return lines.filter((line) => line.startsWith('GET') && line.includes(`/${path}`));
}

/** Breaks a download off after 5 MB of the weights, and then has the hub serve `changed` under the same commit. */
async function brokenOff(changed: Record<string, Buffer>): Promise<HubListing> {
  const listing = await look();
  hub.behave['model.safetensors'] = { cut: { after: 5_000_000, times: 1, thenStatus: 403 } };
  await expect(download(listing)).rejects.toMatchObject({ details: { kind: 'hub-failed' } });
  expect(await received()).toHaveProperty(['model.safetensors']);
  hub.behave['model.safetensors'] = {};
  Object.assign(files, changed);
  hub.requests.splice(0);
  return listing;
}

describe('a download whose files change on the host while it is interrupted', () => {
  it('never joins two versions: it is refused by the hash, and the next one delivers the new version', async () => {
    const changed = { 'model.safetensors': weightsOf(2) };
    const listing = await brokenOff(changed);
    const refused = { fault: 'hash-differs', file: 'model.safetensors' };
    await expect(download(listing)).rejects.toMatchObject({ details: refused });
    expect(await received()).not.toHaveProperty(['model.safetensors']);
    expect((await download(await look()))['model.safetensors']?.equals(changed['model.safetensors'])).toBe(true);
  });

  it('starts the changed file again, and only that one, once the files are listed again', async () => {
    const changed = { 'model.safetensors': weightsOf(2) };
    await brokenOff(changed);
    const listing = await look();
    hub.requests.splice(0);
    const found = await download(listing);
    expect(found['model.safetensors']?.equals(changed['model.safetensors'])).toBe(true);
    expect(hub.requests.filter(({ line }) => line.includes('config.json'))).toEqual([]);
    expect(requestsFor('model.safetensors').filter((line) => line.includes('bytes='))).toEqual([]);
  });

  it('keeps its bytes if the files are listed again and have not changed', async () => {
    await brokenOff({});
    const found = await download(await look());
    expect(found['model.safetensors']?.equals(weightsOf(1))).toBe(true);
    expect(requestsFor('model.safetensors')).toEqual([expect.stringContaining('bytes=') as string]);
  });

  it('is refused at the first answer if the size has changed', async () => {
    const listing = await brokenOff({ 'model.safetensors': weightsOf(2, 9_500_000) });
    const refused = { fault: 'size-differs', expected: '9000000', found: '9500000' };
    await expect(download(listing)).rejects.toMatchObject({ details: refused });
    expect(requestsFor('model.safetensors')).toHaveLength(1);
    expect(await received()).not.toHaveProperty(['model.safetensors']);
  });
});

describe('a download whose files change between the list and the first byte', () => {
  it.each(['config.json', 'model.safetensors'])('is refused and names the file: %s', async (path) => {
    const listing = await look();
    const content = Buffer.from(files[path] ?? '');
    content[content.length - 2] = 0x20;
    files[path] = content;
    await expect(download(listing)).rejects.toMatchObject({ details: { fault: 'hash-differs', file: path } });
  });

  it('is refused if a listed file is gone, and never fetches one that was not listed', async () => {
    const listing = await look();
    files['pytorch_model.bin'] = Buffer.alloc(10);
    delete files['model.safetensors'];
    const refused = { fault: 'file-missing', file: 'model.safetensors' };
    await expect(download(listing)).rejects.toMatchObject({ details: refused });
    expect(requestsFor('pytorch_model.bin')).toEqual([]);
  });
});
