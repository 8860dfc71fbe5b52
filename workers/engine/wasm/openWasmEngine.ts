import { downloaded } from '../../../src/domain/download';
import { AppError } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';
import type { ThreadStart } from './thread';
import { WasmEngine } from './wasmEngine';
import type { Thread } from './thread';
import { wasmFeatures } from './wasmFeatures';

/**
 * Opens the engine with the best module that this browser supports. Throws `download-failed` if the module cannot be
 * downloaded, and `unexpected` if the browser has no wasm SIMD.
 */
export async function openWasmEngine(baseUrl: string, threads: number): Promise<WasmEngine> {
  const { simd, relaxed, shared } = wasmFeatures();
  if (!simd) throw new AppError({ kind: 'unexpected', reason: own('no-simd') });
  const url = `${baseUrl}${relaxed ? 'relaxed' : 'plain'}-${shared ? 'shared' : 'own'}.wasm`;
  const bytes = await downloaded(
    url,
    () => fetch(url),
    (response) => response.arrayBuffer(),
  );
  const module = await WebAssembly.compile(bytes);
  return WasmEngine.open({ module, shared, threads, startThread });
}

function startThread(start: ThreadStart): Promise<Thread> {
  const worker = new Worker(new URL('./thread.worker.ts', import.meta.url), { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onmessage = () => resolve({ stop: () => worker.terminate() });
    worker.onerror = ({ message }) => {
      worker.terminate();
      reject(new AppError({ kind: 'worker-crashed', worker: 'gpu', reason: message || own('thread-not-started') }));
    };
    worker.postMessage(start);
  });
}
