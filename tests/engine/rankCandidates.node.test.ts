import { describe, expect, it } from 'vitest';
import { rankCandidates, rankingPasses, type Heat } from '../../workers/engine/tuning/rankCandidates';
import { seededRandom } from './random';

interface Conditions {
  /** Relative standard deviation of each time. */
  noise?: number;
  /** Factor by which everything slows down or speeds up, by the milliseconds measured so far. */
  speed?: (elapsedMs: number) => number;
  /** The clock's resolution in ms. */
  tickMs?: number;
  budgetMs?: number;
  seed?: number;
}

/** Measures candidates whose true times are known, with the faults of a real clock. */
function heatOf(trueMs: Readonly<Record<string, number>>, conditions: Conditions = {}) {
  const { noise = 0, speed = () => 1, tickMs = 1e-6, budgetMs = Infinity, seed = 1 } = conditions;
  const random = seededRandom(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
  const rounds: string[][] = [];
  const clock = { elapsedMs: 0 };
  const heat: Heat<string> = {
    passMs: 10,
    fits: (ms) => clock.elapsedMs + ms <= budgetMs,
    round: (names, passMs) => {
      rounds.push([...names]);
      const times = names.map((name) => {
        const ms = trueMs[name] ?? NaN;
        const repetitions = Math.ceil(passMs / ms);
        const begun = clock.elapsedMs;
        clock.elapsedMs += repetitions * ms * speed(begun) * (1 + noise * normal());
        const ticks = Math.floor(clock.elapsedMs / tickMs) - Math.floor(begun / tickMs);
        return (ticks * tickMs) / repetitions;
      });
      return Promise.resolve(times);
    },
  };
  return { heat, rounds, clock };
}

const trueMs = { default: 1, slow: 3, a: 0.9, b: 0.8, c: 0.85, d: 1.1, e: 1.4 };
const names = ['default', 'slow', 'a', 'b', 'c', 'd', 'e'] as const;
const bestOf = async (
  conditions: Conditions,
  times: Record<string, number> = trueMs,
  all: readonly string[] = names,
) => {
  const { heat, ...measured } = heatOf(times, conditions);
  const [first = '', ...rest] = all;
  const ranking = await rankCandidates([first, ...rest], heat);
  return { ...ranking, ...measured, best: ranking.ranked[0] };
};

describe('ranking candidates', () => {
  it('measures all in one round, then only the fastest, with the default before and after each round', async () => {
    const { rounds, ranked } = await bestOf({});
    expect(rounds).toEqual([
      ['default', 'slow', 'a', 'b', 'c', 'd', 'e', 'default'],
      ...Array.from({ length: 3 }, () => ['default', 'b', 'c', 'a', 'd', 'default']),
    ]);
    expect(ranked.map(({ candidate }) => candidate)).toEqual(['b', 'c', 'a', 'default', 'd']);
  });

  it('finds the fastest in at least 98 of 100 tries, despite noise of 3%', async () => {
    let right = 0;
    for (let seed = 1; seed <= 100; seed++) if ((await bestOf({ noise: 0.015, seed })).best.candidate === 'b') right++;
    expect(right).toBeGreaterThanOrEqual(98);
  });

  it('is not misled by a clock that slows down all the time', async () => {
    const throttling = (elapsedMs: number): number => 1 + elapsedMs / 3000;
    const { best, unsteady } = await bestOf({ speed: throttling });
    expect([best.candidate, unsteady]).toEqual(['b', false]);
    expect(Math.abs(best.relative - 0.8)).toBeLessThan(0.008);
  });

  it('repeats a round in which the default moved by more than 5%', async () => {
    // A burst of other work halves the speed for the second part of the first round.
    const burst = (elapsedMs: number): number => (elapsedMs > 18 && elapsedMs < 45 ? 2 : 1);
    const { best, rounds } = await bestOf({ speed: burst });
    expect(rounds[1]).toEqual(rounds[0]);
    expect(best).toEqual({ candidate: 'b', relative: expect.closeTo(0.8, 2) });
  });

  it('keeps the default when the speed never settles, after a few tries', async () => {
    let at = 0;
    const { best, rounds, unsteady } = await bestOf({ speed: () => 1 + 0.5 * (at++ % 2) });
    expect([best.candidate, unsteady, rounds.length]).toEqual(['default', true, 4]);
  });

  it('is precise to 1% with timestamps rounded to 100 µs', async () => {
    let precise = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const { best, firstMs } = await bestOf({ tickMs: 0.1, seed, noise: 0.002 });
      expect(best.candidate).toBe('b');
      if (Math.abs(best.relative / 0.8 - 1) < 0.01 && Math.abs(firstMs - 1) < 0.01) precise++;
    }
    expect(precise).toBeGreaterThanOrEqual(95);
  });

  it('prefers the earlier of two that are equally fast, and the default to a gain of less than 2%', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const noise = { noise: 0.003, seed };
      expect((await bestOf(noise, { default: 1, x: 0.8, y: 0.796 }, ['default', 'x', 'y'])).best.candidate).toBe('x');
      expect((await bestOf(noise, { default: 1, x: 0.99 }, ['default', 'x'])).best.candidate).toBe('default');
    }
  });

  it('starts no round that would end after the time budget', async () => {
    for (const budgetMs of [40, 100, 160, 1000]) {
      const { clock, best } = await bestOf({ budgetMs });
      expect(clock.elapsedMs).toBeLessThanOrEqual(Math.max(budgetMs + 1, 45));
      expect(best.candidate).toBe('b');
    }
    const { clock } = await bestOf({});
    expect(clock.elapsedMs / 10 / rankingPasses(names.length)).toBeLessThan(1.3);
  });

  it('never chooses a candidate for which the clock did not move', async () => {
    const { heat } = heatOf(trueMs);
    const frozen: Heat<string> = {
      ...heat,
      round: async (all, ms) => (await heat.round(all, ms)).map((time, i) => (all[i] === 'b' ? 0 : time)),
    };
    expect((await rankCandidates(['default', 'a', 'b'], frozen)).ranked[0].candidate).toBe('a');
  });
});
