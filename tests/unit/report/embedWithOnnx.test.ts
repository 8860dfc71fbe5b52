import { afterEach, expect, it, vi } from 'vitest';
import { embedWithOnnx } from '../../../workers/services/report/embedWithOnnx';

afterEach(() => void vi.unstubAllGlobals());

it.each([
  ['the server answers with an error', () => Promise.resolve(new Response('', { status: 404 })), { status: 404 }],
  ['the connection fails', () => Promise.reject(new TypeError('Failed to fetch')), {}],
])('an export names the file of the ONNX runtime that could not be loaded if %s', async (_what, fetch, status) => {
  vi.stubGlobal('fetch', fetch);
  const url = 'http://127.0.0.1:1/ort/';
  await expect(embedWithOnnx(new Blob(), [], url)).rejects.toMatchObject({
    details: { kind: 'download-failed', url: `${url}ort-wasm-simd-threaded.mjs`, ...status },
  });
});
