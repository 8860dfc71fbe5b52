import type { DataApi } from '../protocol/dataApi';
import { WorkerClient } from './workerClient';

const start = (): Worker =>
  new Worker(new URL('../../workers/data.worker.ts', import.meta.url), { type: 'module', name: 'data' });

let client: WorkerClient<DataApi> | null = null;

/** Returns the page's only handle on the data worker, which starts with the first call. */
export function dataClient(): DataApi {
  client ??= new WorkerClient<DataApi>('data', start, new URL('.', document.baseURI).href);
  return client.api;
}
