import 'fake-indexeddb/auto';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { demoHashes } from '../../../src/domain/import/demoInputs';
import { inputNames, namedHash } from '../../../src/domain/import/inputs';
import { openDatabase } from '../../../src/storage/database';
import { getExperiment, putExperiment } from '../../../src/storage/experiments';
import { preparedData } from '../../../workers/services/split/preparedData';
import { en } from '../../../src/ui/i18n/en';
import { zh } from '../../../src/ui/i18n/zh';
import { prepareDemo, prepareDemoSearch } from '../../../workers/services/import/prepareDemo';

const publicFolder = new URL('../../../public/', import.meta.url);
const base = 'http://127.0.0.1/app/';
/**
 * Replaces fetch so that it reads public/ like the page's server, except for the file `missing`. Returns the requested
 * paths.
 */
function serve(missing?: string): string[] {
  const requested: string[] = [];
  vi.stubGlobal('fetch', (url: string) => {
    const path = url.slice(base.length);
    requested.push(path);
    const file = new URL(path, publicFolder);
    return Promise.resolve(
      path === missing || !existsSync(file) ? new Response('', { status: 404 }) : new Response(readFileSync(file)),
    );
  });
  return requested;
}
afterEach(() => vi.unstubAllGlobals());

describe('the demo', () => {
  it('becomes an experiment with all data and the model stored, fetched only from its own address', async () => {
    const requested = serve();
    const db = await openDatabase('demo-whole');
    const progress = vi.fn();
    const { experimentId } = await prepareDemo(db, base, progress);
    const stored = await getExperiment(db, experimentId);
    expect(stored?.demo).toBe(true);
    const data = await preparedData(db, stored!.experiment);
    const count = (file: string): number =>
      readFileSync(new URL(`demo/${file}.jsonl`, publicFolder), 'utf8')
        .trim()
        .split('\n').length;
    expect([data.pairs.length + data.leaks, data.knowledgeBase.length, data.dev.length, data.test.length]).toEqual([
      count('train-pairs'),
      count('knowledge-base'),
      count('dev-questions'),
      count('test-questions'),
    ]);
    expect(data.knowledgeBase.map((passage) => passage.text)).toContain(data.pairs[0]?.positive);
    expect(stored?.experiment.model).toMatchObject({ pooling: 'mean', maxTokens: 128 });
    expect(progress).toHaveBeenLastCalledWith(requested.length + 1, requested.length + 1);
  });

  it('has the name that the page passes, in one language', async () => {
    serve();
    const db = await openDatabase('demo-named');
    const { experimentId } = await prepareDemo(db, base, () => undefined, 'Pig farming');
    expect((await getExperiment(db, experimentId))?.name).toBe('Pig farming');
    expect(zh.home.demoName).not.toMatch(/[A-Za-z]/);
    expect(en.home.demoName).not.toMatch(/\p{Script=Han}/u);
  });

  it('has the content hashes by which a shared link to it is recognised', async () => {
    serve();
    const db = await openDatabase('demo-hashes');
    const stored = await getExperiment(db, (await prepareDemo(db, base, () => undefined)).experimentId);
    const hashes = inputNames.map((input) => [input, namedHash(stored?.experiment ?? null, input)]);
    expect(Object.fromEntries(hashes)).toEqual(demoHashes);
  });

  it('prepared twice is one experiment with the same hashes', async () => {
    serve();
    const db = await openDatabase('demo-twice');
    const first = await getExperiment(db, (await prepareDemo(db, base, () => undefined)).experimentId);
    const second = await getExperiment(db, (await prepareDemo(db, base, () => undefined)).experimentId);
    expect(second?.experiment).toEqual(first?.experiment);
  });

  it('prepared again does not reset an experiment that the user edited or renamed', async () => {
    serve();
    const db = await openDatabase('demo-edited');
    const prepare = async () => (await prepareDemo(db, base, () => undefined)).experimentId;
    const stored = await getExperiment(db, await prepare());
    const renamed = { ...stored!, name: 'mine' };
    await putExperiment(db, renamed);
    expect(await prepare()).toBe('demo');
    expect(await getExperiment(db, 'demo')).toEqual(renamed);
    const edited = { ...renamed, experiment: { ...renamed.experiment, seed: 8 } };
    await putExperiment(db, edited);
    const other = await prepare();
    expect(other).not.toBe('demo');
    expect(await getExperiment(db, 'demo')).toEqual(edited);
    expect((await getExperiment(db, other))?.experiment).toEqual(stored?.experiment);
    expect(await prepare()).toBe(other);
  });

  it('names the missing file and leaves no experiment if a download fails', async () => {
    serve('demo/dev-questions.jsonl');
    const db = await openDatabase('demo-missing');
    const thrown: unknown = await prepareDemo(db, base, () => undefined).catch((error: unknown) => error);
    expect(thrown instanceof AppError ? thrown.details : thrown).toEqual({
      kind: 'download-failed',
      url: `${base}demo/dev-questions.jsonl`,
      status: 404,
    });
    expect(await getExperiment(db, 'demo')).toBeUndefined();
  });
});

describe('a question to the demo', () => {
  it('needs only the knowledge base and the model, reports the bytes of the weights, and loads nothing twice', async () => {
    const requested = serve();
    const db = await openDatabase('demo-search');
    const received = vi.fn();
    const first = await prepareDemoSearch(db, base, { received });
    expect(requested.filter((path) => path.startsWith('demo/'))).toEqual(['demo/knowledge-base.jsonl']);
    expect(first).toMatchObject({
      knowledgeBase: demoHashes.knowledgeBase,
      model: { contentSha256: demoHashes.model, maxTokens: 128 },
    });
    expect(received.mock.lastCall).toEqual([9_250_920, 0]);
    requested.length = 0;
    expect(await prepareDemoSearch(db, base, {})).toEqual(first);
    expect(requested).toEqual([]);
  });

  it('can be cancelled between two files, and then stores no model', async () => {
    serve();
    const db = await openDatabase('demo-search-cancelled');
    const stopping = new AbortController();
    vi.stubGlobal('fetch', (_url: string, { signal }: RequestInit) => {
      stopping.abort();
      return Promise.reject(signal?.aborted ? new DOMException('', 'AbortError') : new Error('not aborted'));
    });
    const { signal } = stopping;
    await expect(prepareDemoSearch(db, base, { signal })).rejects.toMatchObject({ details: { kind: 'cancelled' } });
    expect(await db.getAll('models')).toEqual([]);
  });

  it('reports a request that fails without an answer as a failed download', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    const db = await openDatabase('demo-search-offline');
    await expect(prepareDemoSearch(db, base, {})).rejects.toMatchObject({
      details: { kind: 'download-failed', url: expect.stringContaining(base) as string },
    });
  });
});
