import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { vi } from 'vitest';

const dist = join(process.cwd(), 'node_modules/onnxruntime-web/dist/');

/** Where onnxruntime-web finds its files in Node. */
export const ortBase = pathToFileURL(dist).href;

/**
 * Makes transformers.js run in Node as in a browser, with onnxruntime-web. Call it before the first model is loaded.
 * Node's own build of transformers.js needs native libraries.
 */
export async function prepareTransformers(): Promise<void> {
  const ort = await import('onnxruntime-web/wasm');
  ort.env.wasm.wasmBinary = await readFile(join(dist, 'ort-wasm-simd-threaded.wasm'));
  ort.env.wasm.wasmPaths = ortBase;
  (globalThis as Record<symbol, unknown>)[Symbol.for('onnxruntime')] = ort;
  const build = pathToFileURL(join(process.cwd(), 'node_modules/@huggingface/transformers/dist/transformers.web.js'));
  const node = globalThis.process;
  try {
    globalThis.process = Object.create(node, { release: { value: { name: 'as in a browser' } } }) as typeof process;
    const library = (await import(/* @vite-ignore */ build.href)) as object;
    vi.doMock('@huggingface/transformers', () => library);
  } finally {
    globalThis.process = node;
  }
}
