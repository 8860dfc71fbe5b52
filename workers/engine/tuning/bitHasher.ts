import { arrayByteLength, type DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import { kernel } from '../kernel';

/** Words hashed by one workgroup. */
const blockWords = 4096;

/**
 * Hashes the bit patterns of arrays on the device, so that whole results can be compared by reading back eight bytes
 * each. Equal arrays have equal hashes; arrays that differ in a single bit always have different ones.
 */
export class BitHasher {
  readonly #hashes: DeviceArray; // [capacity, 2]
  #count = 0;

  constructor(
    private readonly engine: Engine,
    readonly capacity: number,
  ) {
    this.#hashes = engine.pool.allocate([capacity, 2]);
  }

  /**
   * Records the hash of an array as it is now. Throws RangeError if more than `capacity` hashes are recorded before
   * `read`.
   */
  add(array: DeviceArray): void {
    if (this.#count === this.capacity) throw new RangeError(`more than ${this.capacity} hashes`);
    const { engine } = this;
    const bytes = arrayByteLength(array);
    const words = Math.ceil(bytes / 4);
    const blocks = Math.max(1, Math.ceil(words / blockWords));
    const parts = engine.pool.allocate([blocks, 2]);
    // Half-precision arrays are hashed as words of two numbers each.
    const x = { buffer: array.buffer, offset: array.offset, shape: [words] };
    // If the number of halves is odd, the last word also contains two bytes that follow the array.
    const lastMask = bytes % 4 === 2 ? 0xffff : 0xffffffff;
    dispatchHash(engine, x, parts, { words, block: blockWords, lastMask, at: 0 });
    const all = { words: 2 * blocks, block: 2 * blocks, lastMask: 0xffffffff, at: this.#count++ };
    dispatchHash(engine, parts, this.#hashes, all);
    engine.pool.free(parts);
  }

  /** Returns the hashes in the order of `add` and forgets them. GPU→CPU sync. */
  async read(): Promise<string[]> {
    const count = this.#count;
    this.#count = 0;
    const bits = new Uint32Array((await this.engine.commands.read(this.#hashes)).buffer);
    return Array.from({ length: count }, (_, i) => `${bits[2 * i]?.toString(16)} ${bits[2 * i + 1]?.toString(16)}`);
  }

  free(): void {
    this.engine.pool.free(this.#hashes);
  }
}

type HashParams = Record<'words' | 'block' | 'lastMask' | 'at', number>;

function dispatchHash(engine: Engine, x: DeviceArray, hashes: DeviceArray, params: HashParams): void {
  engine.commands.dispatch(hashKernel, { x, hashes }, params, Math.max(1, Math.ceil(params.words / params.block)));
}

/**
 * Writes two words per block: Σ bits · (2i + 1), which changes with every single bit because its factors are odd, and
 * the exclusive or of mixed bits. Both depend on the position i of each word, and neither on the order of evaluation.
 */
const hashKernel = kernel({
  name: 'hash of bits',
  params: { words: 'u32', block: 'u32', lastMask: 'u32', at: 'u32' },
  reads: { x: 'u32' },
  writes: { hashes: 'u32' },
  workgroup: [64, 1, 1],
  globals: 'var<workgroup> parts: array<vec2<u32>, 64>;',
  body: `
  let first = group * p.block;
  let end = min(first + p.block, p.words);
  var sum = 0u;
  var mixed = 0u;
  for (var i = first + lane; i < end; i += 64u) {
    var bits = x[i];
    if (i + 1u == p.words) { bits &= p.lastMask; }
    sum += bits * (2u * i + 1u);
    let spread = (bits ^ (i * 0x9e3779b9u)) * 0x85ebca6bu;
    mixed ^= spread ^ (spread >> 15u);
  }
  parts[lane] = vec2(sum, mixed);
  for (var half = 32u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (lane < half) {
      let other = parts[lane + half];
      parts[lane] = vec2(parts[lane].x + other.x, parts[lane].y ^ other.y);
    }
  }
  if (lane == 0u && first < p.words) {
    hashes[2u * (p.at + group)] = parts[0].x;
    hashes[2u * (p.at + group) + 1u] = parts[0].y;
  }`,
});

/** Returns the hash that `BitHasher` computes for an array of these words. The tests use this version on the host. */
export function hashOfWords(words: Uint32Array): string {
  const blocks = Math.max(1, Math.ceil(words.length / blockWords));
  const parts = Uint32Array.from({ length: 2 * blocks });
  for (let block = 0; block < blocks; block++)
    parts.set(hashRange(words, block * blockWords, Math.min((block + 1) * blockWords, words.length)), 2 * block);
  return Array.from(hashRange(parts, 0, parts.length), (word) => word.toString(16)).join(' ');
}

function hashRange(words: Uint32Array, first: number, end: number): Uint32Array {
  const result = new Uint32Array(2);
  for (let i = first; i < end; i++) {
    const bits = words[i] ?? 0;
    const spread = Math.imul(bits ^ Math.imul(i, 0x9e3779b9), 0x85ebca6b);
    result[0] = (result[0] ?? 0) + Math.imul(bits, 2 * i + 1);
    result[1] = (result[1] ?? 0) ^ spread ^ (spread >>> 15);
  }
  return result;
}
