import { expose } from 'comlink';
import { afterEach, expect, test, vi } from 'vitest';
import { WorkerClient } from '../../../src/clients/workerClient';
import { AppError } from '../../../src/domain/errors';
import { installErrorTransfer } from '../../../src/protocol/errorTransfer';
import type { WorkerOptions } from '../../../src/protocol/workerOptions';
import { holdWorkerLifeLock } from '../../../workers/services/device/workerLife';

interface Api {
  configure(options: WorkerOptions): Promise<void>;
  double(value: number, progress?: (done: number) => void): Promise<number>;
  never(): Promise<void>;
  fail(): Promise<void>;
}

installErrorTransfer();
const ports: MessagePort[] = [];

/** A worker that runs on the thread of the test. Its messages pass through a real MessageChannel. */
class ChannelWorker extends EventTarget {
  readonly configured: WorkerOptions[] = [];
  terminated = false;
  onmessage = null;
  onmessageerror = null;
  onerror = null;
  readonly #port: MessagePort;

  constructor(refusal?: AppError) {
    super();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    ports.push(port1, port2);
    port1.addEventListener('message', (event) => this.dispatchEvent(new MessageEvent('message', { data: event.data })));
    port1.start();
    const api: Api = {
      configure: async (options) => {
        if (refusal) throw refusal;
        this.configured.push(options);
      },
      double: async (value, progress) => {
        progress?.(1);
        return 2 * value;
      },
      never: () => new Promise(() => undefined),
      fail: async () => {
        throw new AppError({ kind: 'too-few-pairs', pairs: 3, batchSize: 16 });
      },
    };
    expose(api, port2);
  }

  postMessage(message: unknown, transfer: Transferable[] | StructuredSerializeOptions = []): void {
    this.#port.postMessage(message, Array.isArray(transfer) ? transfer : (transfer.transfer ?? []));
  }

  terminate(): void {
    this.terminated = true;
  }
}

function setUp(refusal?: AppError) {
  const workers: ChannelWorker[] = [];
  const locks = new Map<string, () => void>();
  const start = (): Worker => {
    const worker = new ChannelWorker(refusal);
    workers.push(worker);
    return worker;
  };
  const waitForLock = (name: string, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      locks.set(name, resolve);
      signal.addEventListener('abort', () => reject(new Error('aborted')));
    });
  const client = new WorkerClient<Api>('gpu', start, 'http://127.0.0.1/', waitForLock);
  return { client, workers, locks };
}

afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

test('calls, results and callbacks cross the channel, and the worker is configured before its first call', async () => {
  const { client, workers } = setUp();
  const seen: number[] = [];
  expect(workers).toHaveLength(0);
  expect(await client.api.double(21, (done) => void seen.push(done))).toBe(42);
  await vi.waitFor(() => expect(seen).toEqual([1]));
  expect(workers[0]?.configured[0]?.baseUrl).toBe('http://127.0.0.1/');
});

test('an AppError thrown in the worker reaches the caller with all its details', async () => {
  const { client } = setUp();
  await expect(client.api.fail()).rejects.toMatchObject({
    details: { kind: 'too-few-pairs', pairs: 3, batchSize: 16 },
  });
});

test('a worker that crashes rejects every pending call, and the next call starts a new worker', async () => {
  const { client, workers } = setUp();
  await client.api.double(1);
  const waiting = [client.api.never(), client.api.never()];
  workers[0]?.dispatchEvent(Object.assign(new Event('error'), { message: 'out of stack' }));
  for (const call of waiting)
    await expect(call).rejects.toMatchObject({
      details: { kind: 'worker-crashed', worker: 'gpu', reason: 'out of stack' },
    });
  expect(workers[0]?.terminated).toBe(true);
  expect(await client.api.double(2)).toBe(4);
  expect(workers).toHaveLength(2);
});

test('a worker that ends silently is detected by the release of its lock', async () => {
  const { client, workers, locks } = setUp();
  await client.api.double(1);
  const waiting = client.api.never();
  await vi.waitFor(() => expect(locks.size).toBe(1));
  expect([...locks.keys()][0]).toBe(workers[0]?.configured[0]?.lifeLock);
  [...locks.values()][0]?.();
  await expect(waiting).rejects.toMatchObject({
    details: { kind: 'worker-crashed', reason: { code: 'worker-ended' } },
  });
});

test('a killed worker rejects its pending calls with the given reason', async () => {
  const { client } = setUp();
  const waiting = client.api.never();
  client.kill('replaced');
  await expect(waiting).rejects.toMatchObject({ details: { kind: 'worker-crashed', reason: 'replaced' } });
});

test('a worker that cannot be configured rejects its calls with its own reason, not as a crash', async () => {
  const refusal = { kind: 'storage-failed', reason: 'SecurityError: The request was denied.' } as const;
  const { client, workers } = setUp(new AppError(refusal));
  await expect(client.api.never()).rejects.toMatchObject({ details: refusal });
  expect(workers[0]?.terminated).toBe(true);
});

test('a worker to which the browser refuses locks reports that storage is refused', async () => {
  const denied = () => Promise.reject(new DOMException('The request was denied.', 'SecurityError'));
  vi.stubGlobal('navigator', { locks: { request: denied } });
  await expect(holdWorkerLifeLock('life')).rejects.toMatchObject({ details: { kind: 'storage-failed' } });
  vi.unstubAllGlobals();
});
