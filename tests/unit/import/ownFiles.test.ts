import { afterEach, describe, expect, it, vi } from 'vitest';
import { downloaded } from '../../../src/domain/download';
import { JobRoutes } from '../../../src/headless/jobRoutes';
import { openWasmEngine } from '../../../workers/engine/wasm/openWasmEngine';

const url = 'http://127.0.0.1/file';
const text = (response: Response): Promise<string> => response.text();

afterEach(() => vi.unstubAllGlobals());

describe('a file that belongs to the page', () => {
  it('is read', async () => {
    expect(await downloaded(url, () => Promise.resolve(new Response('x')), text)).toBe('x');
  });

  it('is a failed download with the status if the server refuses it', async () => {
    const refused = downloaded(url, () => Promise.resolve(new Response('', { status: 404 })), text);
    await expect(refused).rejects.toMatchObject({ details: { kind: 'download-failed', url, status: 404 } });
  });

  it.each<[string, () => Promise<Response>]>([
    ['before it is there', () => Promise.reject(new TypeError('Failed to fetch'))],
    [
      'while it is read',
      () => Promise.resolve(new Response(new ReadableStream({ start: (body) => body.error(new TypeError('lost')) }))),
    ],
  ])('is a failed download without a status if the connection breaks %s', async (_when, ask) => {
    const { details } = (await downloaded(url, ask, text).catch((thrown: unknown) => thrown)) as { details: object };
    expect(details).toEqual({ kind: 'download-failed', url });
  });
});

describe('a lost connection', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['the engine’s wasm', () => openWasmEngine('http://127.0.0.1/engine/', 1)],
    ['a job of the runner', () => new JobRoutes('token', 'http://127.0.0.1/').job()],
  ])('is a failed download, not an unexpected error, for %s', async (_what, open) => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    await expect(open()).rejects.toMatchObject({ details: { kind: 'download-failed' } });
  });
});
