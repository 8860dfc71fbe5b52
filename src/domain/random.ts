/**
 * Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"). Every number is a function of only
 * the key and the counter, so a resumed run draws the same numbers without replaying earlier ones.
 */
const multiplier0 = 0xd2511f53;
const multiplier1 = 0xcd9e8d57;
const weyl0 = 0x9e3779b9;
const weyl1 = 0xbb67ae85;
const rounds = 10;

type Counter = readonly [number, number, number, number];
type Key = readonly [number, number];

/**
 * Returns the high 32 bits of a 64-bit product. Multiplies 16-bit halves, because a double holds their products
 * exactly.
 */
function highProduct(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const cross = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + (cross >>> 16)) >>> 0;
}

/** Returns the four 32-bit random numbers of a counter and a key. */
export function philox(counter: Counter, key: Key): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < rounds; round++) {
    const high0 = highProduct(multiplier0, c0);
    const high1 = highProduct(multiplier1, c2);
    const low0 = Math.imul(multiplier0, c0);
    const low1 = Math.imul(multiplier1, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + weyl0) >>> 0;
    k1 = (k1 + weyl1) >>> 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

/** The purpose is part of the key, so streams with the same seed never overlap. */
const randomPurpose = {
  batchOrder: 1,
  devSplit: 2,
  bootstrap: 3,
  dropout: 4,
  deviceCheck: 5,
  negatives: 6,
  minedPick: 7,
  adapters: 8,
  negativeSamples: 9,
  prefix: 12,
  devSample: 14,
  devScores: 15,
  inBatchNegatives: 16,
  syntheticVectors: 17,
  map: 18,
} as const;
type RandomPurpose = keyof typeof randomPurpose;

/** A stream of random numbers, identified by seed, purpose and up to two more numbers (such as stage and epoch). */
export class RandomStream {
  #block: readonly number[] = [];
  #at = 4;
  #index = 0;

  constructor(
    private readonly seed: number,
    private readonly purpose: RandomPurpose,
    private readonly first = 0,
    private readonly second = 0,
  ) {}

  /** Returns an integer in [0, 2^32). */
  uint32(): number {
    if (this.#at === 4) {
      const counter: Counter = [
        this.#index >>> 0,
        Math.floor(this.#index / 2 ** 32),
        this.first >>> 0,
        this.second >>> 0,
      ];
      this.#block = philox(counter, [this.seed >>> 0, randomPurpose[this.purpose]]);
      this.#index += 1;
      this.#at = 0;
    }
    return this.#block[this.#at++] ?? 0;
  }

  /** Returns a uniform integer in [0, bound). Rejects draws that would make small results more likely. */
  below(bound: number): number {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let drawn = this.uint32();
    while (drawn >= limit) drawn = this.uint32();
    return drawn % bound;
  }

  /** Returns a number in [0, 1) with 32 random bits. */
  unit(): number {
    return this.uint32() / 2 ** 32;
  }
}

/** Returns 0 … count-1 in random order (Fisher-Yates). */
export function permutation(count: number, random: RandomStream): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const kept = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = kept;
  }
  return order;
}
