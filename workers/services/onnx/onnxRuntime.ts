import type * as OnnxRuntime from 'onnxruntime-web/wasm';
import { downloaded } from '../../../src/domain/download';

export type Runtime = typeof OnnxRuntime;

/** The version of onnxruntime-web in package.json: part of the key of stored vectors. */
export const runtimeVersion = '1.30.0';

/** Maximum number of threads of onnxruntime-web. More threads hardly help with a few short texts. */
const mostThreads = 4;

/** Time limit for starting threads. Without one, onnxruntime-web would wait forever for a thread that cannot start. */
const startMs = 60_000;

/** Returns the number of threads. Only a cross-origin isolated page can share memory between threads. */
function threads(): number {
  return globalThis.crossOriginIsolated ? Math.min(mostThreads, navigator.hardwareConcurrency) : 1;
}

function fetched(url: string): Promise<ArrayBuffer> {
  return downloaded(
    url,
    () => fetch(url),
    (response) => response.arrayBuffer(),
  );
}

/**
 * Loads onnxruntime-web. Its two files are fetched here first: if onnxruntime-web itself cannot fetch one, it throws an
 * error without the address, and refuses every later attempt in this worker.
 * @throws download-failed
 */
export async function loadRuntime(baseUrl: string): Promise<Runtime> {
  const ort = await import('onnxruntime-web/wasm');
  ort.env.wasm.wasmPaths = baseUrl;
  ort.env.wasm.numThreads = threads();
  ort.env.wasm.initTimeout = startMs;
  if (ort.env.wasm.wasmBinary) return ort;
  const file = `${baseUrl}ort-wasm-simd-threaded`;
  await fetched(`${file}.mjs`);
  ort.env.wasm.wasmBinary = await fetched(`${file}.wasm`);
  return ort;
}
