import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { parseHostAddress, type HubHost, type HubListing } from '../../../src/domain/import/hub';
import type { StoredModel } from '../../../src/domain/model';
import { openDatabase, type Database } from '../../../src/storage/database';
import { deleteDownload, listDownloads } from '../../../src/storage/downloads';
import { listHubModel } from '../../../workers/services/import/listHubModel';
import { downloadHubModel, type DownloadPatience } from '../../../workers/services/import/hubDownload';
import { fetchHubModel } from '../../../workers/services/import/fetchHubModel';
import { startHub, type Hub, type HubOptions } from './hubServer';
import { sizes } from './tinyModel';

const weights = Buffer.from(Uint8Array.from({ length: 9_000_000 }, (_, i) => (i * 31) >> 3));
const files = {
  'README.md': Buffer.from('# not needed'),
  'config.json': Buffer.from(JSON.stringify(sizes)),
  'tokenizer.json': Buffer.from('{"model": {"type": "WordPiece", "vocab": {}}}'),
  '1_Pooling/config.json': Buffer.from('{"pooling_mode_cls_token": true}'),
  'pytorch_model.bin': Buffer.alloc(10_000),
  'model.safetensors': weights,
};
const id = 'someone/a-model';
const patience: DownloadPatience = { tries: 3, firstWaitMs: 1, silenceMs: 300, mostWaitMs: 1200 };
const quiet = (): void => undefined;
const running = new AbortController().signal;

let hub: Hub;
let db: Database;
async function start(options: Partial<HubOptions> = {}): Promise<void> {
  hub = await startHub({ id, files, ...options });
}
const host = (): HubHost => parseHostAddress(hub.url) as HubHost;
const look = (token: string | null = null): Promise<HubListing> =>
  listHubModel({ host: host(), id, revision: '' }, token);
const download = async (listing: HubListing, progress: (n: number, of: number) => void = quiet, signal = running) =>
  downloadHubModel(db, listing, { token: null, signal, progress, patience });
async function fetched(): Promise<Record<string, Buffer>> {
  const found = await download(await look());
  const entries = found.map(async ({ path, file }) => [path, Buffer.from(await file.arrayBuffer())] as const);
  return Object.fromEntries(await Promise.all(entries));
}
const faultOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (thrown: unknown) => (thrown instanceof AppError && 'fault' in thrown.details ? thrown.details.fault : thrown),
  );
const fileRequests = (): string[] =>
  hub.requests.map(({ line }) => line).filter((line) => line.includes('model.safetensors'));

beforeEach(async () => {
  vi.stubGlobal('navigator', { onLine: true });
  db = await openDatabase(`hub-${crypto.randomUUID()}`);
});
afterEach(async () => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  await hub.close();
});

describe('looking up a model on a hub', () => {
  it('resolves the revision to a commit and lists only the files that the import needs', async () => {
    await start({ pageSize: 2 });
    const { commit, files: needed } = await look();
    expect(commit).toBe(hub.commit);
    expect(needed.map(({ path, bytes }) => [path, bytes])).toEqual(
      ['config.json', 'tokenizer.json', '1_Pooling/config.json', 'model.safetensors'].map((path) => [
        path,
        files[path as keyof typeof files].length,
      ]),
    );
  });

  it('reads the list of ModelScope, and fetches each file at its commit', async () => {
    await start({ protocol: 'modelscope' });
    const listing = await listHubModel({ host: { ...host(), protocol: 'modelscope' }, id, revision: '' }, null);
    expect(listing.commit).toBe(hub.commit);
    expect((await download(listing)).map(({ path }) => path)).toContain('1_Pooling/config.json');
  });

  it('sends the token to the host and neither cookies nor a referrer', async () => {
    await start({ token: 'hf_secret' });
    expect(await faultOf(look())).toBe('needs-token');
    await look('hf_secret');
    expect(hub.requests.at(-1)?.headers.authorization).toBe('Bearer hf_secret');
    expect(hub.requests.at(-1)?.headers.referer).toBeUndefined();
    expect(hub.requests.at(-1)?.headers.cookie).toBeUndefined();
  });

  it('asks the browser for neither cookies nor a referrer, in every request for a list and for a file', async () => {
    await start({ pageSize: 2 });
    const asked = vi.spyOn(globalThis, 'fetch');
    await fetched();
    const requests = asked.mock.calls.map(([url, init]) => ({ url, ...init }));
    asked.mockRestore();
    expect(requests.length).toBeGreaterThan(5);
    for (const request of requests)
      expect(request).toMatchObject({ credentials: 'omit', referrerPolicy: 'no-referrer', mode: 'cors' });
  });

  it('sends no token from a browser that would pass it on with a redirect', async () => {
    await start({ token: 'hf_secret' });
    vi.stubGlobal('navigator', { onLine: true, userAgent: 'Mozilla/5.0 Chrome/118.0.0.0 Safari/537.36' });
    expect(await faultOf(look('hf_secret'))).toBe('token-unsafe');
    expect(hub.requests).toEqual([]);
    expect(await faultOf(look())).toBe('needs-token');
    vi.stubGlobal('navigator', { onLine: true, userAgent: 'Mozilla/5.0 Chrome/119.0.0.0 Safari/537.36' });
    expect((await look('hf_secret')).commit).toBe(hub.commit);
  });

  it.each([
    ['a model that does not exist', { status: 404, errorCode: 'RepoNotFound' }, 'no-model'],
    ['a gated model', { status: 403, errorCode: 'GatedRepo' }, 'needs-token'],
    ['a failing host', { status: 503 }, 'refused'],
  ])('reports %s', async (_what, how, fault) => {
    await start();
    hub.behave['listing'] = how;
    expect(await faultOf(look())).toBe(fault);
  });

  it('distinguishes an unknown revision, a web page, a closed port and a lost network', async () => {
    await start();
    expect(await faultOf(listHubModel({ host: host(), id, revision: 'nowhere' }, null))).toBe('no-revision');
    expect(await faultOf(listHubModel({ host: host(), id: '../etc', revision: '' }, null))).toBe('id-invalid');
    hub.behave['listing'] = { html: true };
    expect(await faultOf(look())).toBe('html');
    await hub.close();
    expect(await faultOf(look())).toBe('blocked');
    vi.stubGlobal('navigator', { onLine: false });
    expect(await faultOf(look())).toBe('offline');
  });

  it('refuses a next page at another address', async () => {
    await start({ pageSize: 1 });
    const real = fetch;
    vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
      const response = await real(url, init);
      if (!url.includes('/tree/')) return response;
      return new Response(response.body, { headers: { Link: '<http://127.0.0.2/elsewhere>; rel="next"' } });
    });
    expect(await faultOf(look())).toBe('listing-invalid');
  });
});

describe('a download from a hub', () => {
  it('delivers the bytes of the hub and counts them', async () => {
    await start();
    const seen: number[][] = [];
    const listing = await look();
    await download(listing, (done, of) => seen.push([done, of]));
    const total = listing.files.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(seen.at(-1)).toEqual([total, total]);
    const bytes = await fetched();
    for (const { path } of listing.files)
      expect(bytes[path]?.equals(files[path as keyof typeof files]), path).toBe(true);
  });

  it('continues with a range request if the connection is cut, redirected, slow or silent', async () => {
    await start();
    hub.behave['model.safetensors'] = { cut: { after: 5_000_000, times: 1 }, redirect: true, throttle: 1_000_000 };
    expect((await fetched())['model.safetensors']?.equals(weights)).toBe(true);
    const ranges = fileRequests().filter((line) => line.includes('bytes='));
    expect(ranges.length).toBeGreaterThan(0);
    for (const line of ranges) expect(line).not.toContain('bytes=0-');
    db = await openDatabase(`hub-${crypto.randomUUID()}`);
    hub.behave['model.safetensors'] = { stall: { after: 6_000_000 } };
    expect((await fetched())['model.safetensors']?.equals(weights)).toBe(true);
  });

  it('continues where it was stopped after the page is closed, and is listed with its size until it is deleted', async () => {
    await start();
    // The host goes silent, so that the download is stopped before its end, however fast the machine is.
    hub.behave['model.safetensors'] = { stall: { after: 6_000_000 } };
    const listing = await look();
    const stopping = new AbortController();
    const stopped = download(
      listing,
      (done) => {
        if (done > 5_000_000) stopping.abort();
      },
      stopping.signal,
    );
    await expect(stopped).rejects.toMatchObject({ details: { kind: 'cancelled' } });
    const [kept] = await listDownloads(db);
    const bytes = kept?.received['model.safetensors']?.bytes ?? 0;
    expect(bytes).toBeGreaterThan(4_000_000);
    hub.requests.length = 0;
    hub.behave['model.safetensors'] = {};
    await download(listing);
    expect(fileRequests().filter((line) => line.startsWith('GET'))).toEqual([
      expect.stringContaining(`bytes=${bytes}-`) as string,
    ]);
    await deleteDownload(db, kept?.downloadId ?? '');
    expect([await db.count('downloads'), await db.count('downloadParts')]).toEqual([0, 0]);
  });

  it('skips the bytes that it already has if the host ignores ranges', async () => {
    await start();
    hub.behave['model.safetensors'] = { cut: { after: 5_000_000, times: 1 }, ignoreRange: true };
    expect((await fetched())['model.safetensors']?.equals(weights)).toBe(true);
  });

  it('waits for an overloaded host, and gives up after three tries', async () => {
    await start();
    hub.behave['model.safetensors'] = { status: 503, times: 2 };
    expect((await fetched())['model.safetensors']?.equals(weights)).toBe(true);
    db = await openDatabase(`hub-${crypto.randomUUID()}`);
    hub.behave['model.safetensors'] = { status: 429 };
    expect(await faultOf(fetched())).toBe('refused');
    hub.behave['model.safetensors'] = { cut: { after: 0, times: 99 } };
    expect(await faultOf(fetched())).toBe('broken-off');
  });

  it.each([
    ['in seconds', () => '1', 1000],
    ['until a date', () => new Date(Date.now() + 2000).toUTCString(), 900],
    ['for longer than anyone would', () => '86400', 1200],
  ])('waits as long as an overloaded host asks for: %s', async (_how, retryAfter, ms) => {
    await start();
    hub.behave['model.safetensors'] = { status: 429, times: 1, retryAfter: retryAfter() };
    const timer = vi.spyOn(globalThis, 'setTimeout');
    expect((await fetched())['model.safetensors']?.equals(weights)).toBe(true);
    const waits = timer.mock.calls.map(([, wait = 0]) => wait);
    expect(waits.some((wait) => wait >= ms && wait <= patience.mostWaitMs)).toBe(true);
  });

  it.each([
    ['a file longer than listed', { claims: 8_000_000 }, 'size-differs'],
    ['a file shorter than listed', { claims: 9_500_000 }, 'size-differs'],
    ['another content than listed', { claimsHash: 'ab'.repeat(32) }, 'hash-differs'],
    ['a web page instead of the file', { html: true }, 'html'],
    ['a file that needs a token', { status: 401, errorCode: 'GatedRepo' }, 'needs-token'],
    ['a file that is gone', { status: 404 }, 'file-missing'],
  ])('refuses %s and keeps none of its bytes', async (_what, how, fault) => {
    await start();
    hub.behave['model.safetensors'] = how;
    const asked = vi.spyOn(globalThis, 'fetch');
    expect(await faultOf(fetched())).toBe(fault);
    // Nothing is received any more.
    expect(asked.mock.lastCall?.[1]?.signal?.aborted).toBe(true);
    expect((await listDownloads(db))[0]?.received['model.safetensors']).toBeUndefined();
  });

  it("checks small files by git's hash", async () => {
    await start();
    hub.behave['tokenizer.json'] = { claimsHash: 'cd'.repeat(20) };
    expect(await faultOf(fetched())).toBe('hash-differs');
  });

  it('detects bytes that storage has damaged', async () => {
    await start();
    const listing = await look();
    await download(listing);
    const [key] = (await db.getAllKeys('downloadParts')).filter(([, path]) => path === 'model.safetensors');
    const part = key && (await db.get('downloadParts', key));
    if (part) await db.put('downloadParts', { ...part, bytes: new Blob([new Uint8Array(part.bytes.size)]) });
    expect(await faultOf(download(listing))).toBe('hash-differs');
    expect((await fetched())['model.safetensors']?.equals(weights)).toBe(true);
  });

  it('reports a full disk as a full disk, not as a broken connection', async () => {
    await start();
    const listing = await look();
    // Nothing is overwritten before the first part is stored, so `add` can stand in for `put`.
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value: unknown) {
      if (this.name === 'downloadParts') throw new DOMException('full', 'QuotaExceededError');
      return this.add(value);
    });
    await expect(download(listing)).rejects.toMatchObject({ details: { kind: 'quota-exceeded' } });
    vi.restoreAllMocks();
  });

  it('refuses an encoder that cannot be used before it fetches the weights, and deletes the download', async () => {
    const other = Buffer.from(JSON.stringify({ ...sizes, model_type: 'gpt2' }));
    await start({ files: { ...files, 'config.json': other } });
    const imported = () => Promise.reject<StoredModel>(new Error('not reached'));
    const options = { token: null, signal: running, progress: quiet, patience };
    expect(await faultOf(fetchHubModel(db, await look(), options, imported))).toBe('unsupported-architecture');
    expect(fileRequests()).toEqual([]);
    expect(await db.count('downloads')).toBe(0);
  });
});
