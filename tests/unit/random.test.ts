import { describe, expect, it } from 'vitest';
import { RandomStream, permutation, philox } from '../../src/domain/random';

describe('philox', () => {
  // The generator's authors published these known answers (Random123 1.14, kat_vectors, philox4x32 with 10 rounds).
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as const)('returns the known answer for counter %j', (counter, key, expected) => {
    expect(philox(counter, key)).toEqual(expected);
  });
});

describe('a random stream', () => {
  it('repeats its numbers for the same name and draws different ones for another seed, purpose or index', () => {
    const drawn = (stream: RandomStream): number[] => Array.from({ length: 9 }, () => stream.uint32());
    const first = drawn(new RandomStream(7, 'batchOrder', 0, 1));
    expect(drawn(new RandomStream(7, 'batchOrder', 0, 1))).toEqual(first);
    for (const other of [
      new RandomStream(8, 'batchOrder', 0, 1),
      new RandomStream(7, 'devSplit', 0, 1),
      new RandomStream(7, 'batchOrder', 1, 1),
      new RandomStream(7, 'batchOrder', 0, 2),
    ])
      expect(drawn(other)).not.toEqual(first);
  });

  it('draws every integer below a bound about equally often', () => {
    const random = new RandomStream(1, 'bootstrap');
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[random.below(7)]! += 1;
    // Chi-squared with 6 degrees of freedom stays below 22.5 for 999 of 1,000 seeds.
    expect(counts.reduce((sum, n) => sum + (n - 10_000) ** 2 / 10_000, 0)).toBeLessThan(22.5);
  });

  it('draws each block of four numbers from the next counter', () => {
    const random = new RandomStream(7, 'dropout', 3, 5);
    const drawn = Array.from({ length: 8 }, () => random.uint32());
    expect(drawn).toEqual([...philox([0, 0, 3, 5], [7, 4]), ...philox([1, 0, 3, 5], [7, 4])]);
  });

  it('skips draws that would make small integers more likely', () => {
    const bound = 3 * 2 ** 30;
    const raw = new RandomStream(7, 'bootstrap');
    const accepted = Array.from({ length: 100 }, () => raw.uint32()).filter((drawn) => drawn < bound);
    expect(accepted.length).toBeLessThan(90);
    const random = new RandomStream(7, 'bootstrap');
    expect(accepted.map(() => random.below(bound))).toEqual(accepted);
  });

  it('draws fractions from 0 up to but not including 1, each of 32 bits', () => {
    const [random, raw] = [new RandomStream(7, 'dropout'), new RandomStream(7, 'dropout')];
    for (let i = 0; i < 20; i++) expect(random.unit() * 2 ** 32).toBe(raw.uint32());
  });

  it('puts every element at every position of a permutation over 200 seeds', () => {
    const places = new Set<string>();
    for (let seed = 0; seed < 200; seed++)
      permutation(4, new RandomStream(seed, 'batchOrder')).forEach((value, place) => places.add(`${value}@${place}`));
    expect(places.size).toBe(16);
  });
});
