import { describe, expect, it } from 'vitest';
import { own } from '../../../src/domain/errorWords';
import { projectInWorker, type ProjectionWorker } from '../../../workers/services/evaluate/projectInWorker';

/** A fake worker: the test sends its answers, and sees whether it was terminated. */
function fakeWorker() {
  const worker: ProjectionWorker & { ended: boolean; asked: unknown[] } = {
    ended: false,
    asked: [],
    onmessage: null,
    onerror: null,
    onmessageerror: null,
    postMessage: (question) => void worker.asked.push(question),
    terminate: () => (worker.ended = true),
  };
  const answer = (data: object): void => worker.onmessage?.({ data } as MessageEvent<never>);
  return { worker, answer };
}
const nothing = (): Promise<void> => Promise.resolve();

describe('a projection in a worker', () => {
  it('is ended by a cancel while the worker prepares and reports nothing', async () => {
    const { worker } = fakeWorker();
    let calls = 0;
    const cancelled = (): Promise<void> =>
      (calls += 1) > 2 ? Promise.reject(new Error('cancelled')) : Promise.resolve();
    await expect(projectInWorker([], 7, cancelled, () => worker)).rejects.toThrow('cancelled');
    expect(worker.ended).toBe(true);
  });

  it('passes on progress and returns the positions', async () => {
    const { worker, answer } = fakeWorker();
    const seen: string[] = [];
    const between = (done: number, of: number): Promise<void> => {
      seen.push(`${done} of ${of}`);
      if (seen.length === 1) answer({ done: 5, of: 200 });
      else answer({ positions: Float32Array.of(1, 2) });
      return Promise.resolve();
    };
    expect(await projectInWorker([], 7, between, () => worker)).toEqual(Float32Array.of(1, 2));
    expect(seen).toEqual(['0 of 0', '5 of 200']);
    expect(worker.asked).toEqual([{ found: [], seed: 7 }]);
    expect(worker.ended).toBe(true);
  });

  it('says that the worker did not start if its script can’t be loaded, or that an answer was unreadable', async () => {
    for (const [event, reason] of [
      ['error', own('worker-not-started')],
      ['messageerror', own('message-unreadable')],
    ] as const) {
      const { worker } = fakeWorker();
      const work = projectInWorker([], 7, nothing, () => worker);
      // Browsers fire a plain event for a script that they can't load.
      if (event === 'error') worker.onerror?.(new Event('error') as ErrorEvent);
      else worker.onmessageerror?.(new MessageEvent('messageerror'));
      await expect(work).rejects.toMatchObject({ details: { kind: 'unexpected', reason } });
      expect(worker.ended).toBe(true);
    }
  });

  it('fails with the error of the worker, and ends it', async () => {
    for (const fail of ['answer', 'error'] as const) {
      const { worker, answer } = fakeWorker();
      const work = projectInWorker([], 7, nothing, () => worker);
      if (fail === 'answer') answer({ failed: 'no memory' });
      else worker.onerror?.({ message: 'no memory' } as ErrorEvent);
      await expect(work).rejects.toThrow('no memory');
      expect(worker.ended).toBe(true);
    }
  });
});
