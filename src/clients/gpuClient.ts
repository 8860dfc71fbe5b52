import type { GpuApi } from '../protocol/gpuApi';
import { WorkerClient } from './workerClient';

const start = (): Worker =>
  new Worker(new URL('../../workers/gpu.worker.ts', import.meta.url), { type: 'module', name: 'gpu' });

let client: WorkerClient<GpuApi> | null = null;

/** Returns the page's only handle on the GPU worker, which starts with the first call. */
export function gpuClient(): GpuApi {
  client ??= new WorkerClient<GpuApi>('gpu', start, new URL('.', document.baseURI).href);
  return client.api;
}
