import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WarmWorker } from '../../../tools/vitest/warmPool.mjs';

class Worker extends EventEmitter {
  threadId = 1;
  ref(): void {}
  unref(): void {}
  terminate(): Promise<number> {
    this.threadId = -1;
    return Promise.resolve(1);
  }
}

function pool() {
  const started: Worker[] = [];
  const idle: Worker[] = [];
  const start = (): Worker => {
    const worker = new Worker();
    started.push(worker);
    return worker;
  };
  /** Runs a test file to its end. */
  const runFile = async (): Promise<void> => {
    const warm = new WarmWorker(idle, start);
    await warm.start();
    started.at(-1)?.emit('message', { type: 'stopped' });
    await warm.stop();
  };
  return { started, idle, runFile };
}

describe('the pool of warm workers', () => {
  it('uses a worker again for the next test file', async () => {
    const { started, idle, runFile } = pool();
    await runFile();
    await runFile();
    expect([started.length, idle.length]).toEqual([1, 1]);
  });

  it('does not use a worker that has ended while it was idle', async () => {
    const { started, idle, runFile } = pool();
    await runFile();
    await started[0]?.terminate();
    await runFile();
    expect([started.length, idle.length]).toEqual([2, 1]);
    expect(idle[0]?.threadId).toBe(1);
  });

  it('survives an error of an idle worker', async () => {
    const { started, runFile } = pool();
    await runFile();
    expect(() => started[0]?.emit('error', new Error('out of memory'))).not.toThrow();
  });
});
