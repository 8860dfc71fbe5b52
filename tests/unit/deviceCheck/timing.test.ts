import { afterEach, describe, expect, it, vi } from 'vitest';
import { inTurns, timeOf } from '../../../workers/services/deviceCheck/timing';

/** A clock that only steps advance. */
function clock(): (name: string, ms: number) => { run: () => Promise<void> } {
  let now = 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  return (name, ms) => ({
    run: () => {
      order.push(name);
      now += ms;
      return Promise.resolve();
    },
  });
}
const order: string[] = [];
afterEach(() => {
  order.length = 0;
  vi.restoreAllMocks();
});
const quiet = (): Promise<void> => Promise.resolve();

it('a step takes the time until it is done', async () => {
  expect(await timeOf(clock()('a', 40))).toBe(40);
});

describe('two steps timed in turns', () => {
  it('alternate, after one step of each that is not counted', async () => {
    const step = clock();
    const times = await inTurns(step('a', 700), step('b', 300), quiet);
    expect(order.join('')).toBe('ab'.repeat(4));
    expect(times).toEqual({ first: [700, 700, 700], second: [300, 300, 300] });
  });

  it('run twice even if that takes longer than the budget, and no round begins that would exceed it', async () => {
    const slow = clock();
    expect((await inTurns(slow('a', 4000), slow('b', 1), quiet)).first).toHaveLength(2);
    const step = clock();
    expect((await inTurns(step('a', 751), step('b', 0), quiet)).first).toHaveLength(3);
  });

  it('run at most 15 times', async () => {
    const step = clock();
    expect((await inTurns(step('a', 1), step('b', 1), quiet)).second).toHaveLength(15);
  });

  it('report the larger share of time and rounds, and never more than all', async () => {
    const share = async (a: number): Promise<number[]> => {
      const shares: number[] = [];
      const step = clock();
      await inTurns(step('a', a), step('b', 0), (each) => Promise.resolve(void shares.push(each)));
      return shares;
    };
    expect((await share(0)).slice(0, 2)).toEqual([1 / 15, 2 / 15]);
    expect(await share(1500)).toEqual([0.5, 1]);
    expect(await share(2000)).toEqual([2000 / 3000, 1]);
  });
});
