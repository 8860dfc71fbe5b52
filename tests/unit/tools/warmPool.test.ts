import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WarmWorker } from '../../../tools/vitest/warmPool.mjs';

class Worker extends EventEmitter {
  ended = false;
  ref(): void {}
  unref(): void {}
}

function pool() {
  const started: Worker[] = [];
  const idle: Worker[] = [];
  const kind = {
    start: (): Worker => {
      const worker = new Worker();
      started.push(worker);
      return worker;
    },
    end: (worker: Worker) => Promise.resolve(void (worker.ended = true)),
    hasEnded: (worker: Worker) => worker.ended,
  };
  /** Runs a test file to its end. */
  const runFile = async (): Promise<void> => {
    const warm = new WarmWorker(kind, idle);
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
    for (const worker of started) worker.ended = true;
    await runFile();
    expect([started.length, idle.length]).toEqual([2, 1]);
    expect(idle[0]?.ended).toBe(false);
  });

  it('survives an error of an idle worker', async () => {
    const { started, runFile } = pool();
    await runFile();
    expect(() => started[0]?.emit('error', new Error('out of memory'))).not.toThrow();
  });
});
