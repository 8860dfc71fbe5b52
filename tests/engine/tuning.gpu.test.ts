import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MatmulTiling } from '../../src/domain/kernelPlan';
import type { DeviceArray } from '../../workers/engine/arrays';
import { closeDevice, deviceWebGpu, openDevice } from '../../workers/services/device/openDevice';
import type { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { kernel } from '../../workers/engine/kernel';
import type { Epilogue } from '../../workers/engine/ops/matmul/epilogue';
import type { MatmulShape } from '../../workers/engine/ops/matmul/matmulShape';
import { hasSameBits, withBitsOfFirst } from '../../workers/engine/tuning/admission';
import { compiles } from '../../workers/engine/tuning/compiles';
import { BitHasher, hashOfWords } from '../../workers/engine/tuning/bitHasher';
import { SampleProduct } from '../../workers/engine/tuning/sampleProduct';
import { wasmBase } from './environment';
import { seededRandom } from './random';

let gpu: WebGpuEngine;
beforeAll(async () => {
  await openDevice('webgpu', wasmBase);
  const opened = deviceWebGpu();
  if (!opened) throw new Error('no WebGPU');
  gpu = opened;
});
afterAll(closeDevice);

async function hashesOf(...arrays: DeviceArray[]): Promise<string[]> {
  const hasher = new BitHasher(gpu, arrays.length);
  try {
    for (const array of arrays) hasher.add(array);
    return await hasher.read();
  } finally {
    hasher.free();
  }
}

const randomWords = (length: number) => {
  const random = seededRandom(length);
  return Uint32Array.from({ length }, () => Math.floor(random() * 2 ** 32));
};

describe('the hash of an array', () => {
  it('equals the hash of its bits on the host, for numbers of any kind and arrays of any length', async () => {
    for (const length of [1, 63, 4095, 4096, 4097, 30_000]) {
      const words = randomWords(length);
      // As floats, these words are infinite or NaN.
      words.set([0x7f800000, 0x7fc00001, 0xffffffff, 0x80000000].slice(0, length));
      const array = gpu.commands.upload(words);
      expect(await hashesOf(array)).toEqual([hashOfWords(words)]);
      gpu.pool.free(array);
    }
  });

  it('changes with any single bit, and when two numbers change places', async () => {
    const words = randomWords(9000);
    const original = hashOfWords(words);
    for (let at = 0; at < words.length; at += 487)
      for (const bit of [0, 1, 17, 30, 31]) {
        const changed = words.slice();
        changed[at] = (changed[at] ?? 0) ^ (2 ** bit);
        expect(hashOfWords(changed)).not.toBe(original);
      }
    const swapped = words.slice();
    [swapped[3], swapped[70]] = [swapped[70] ?? 0, swapped[3] ?? 0];
    expect(hashOfWords(swapped)).not.toBe(original);
  });

  it('ignores the unused half of the last word if there is an odd number of halves', async () => {
    const arrays = [0x1234, 0xffff].map((rest) =>
      gpu.commands.upload(Uint32Array.of(0xabcd0123, ((rest << 16) | 0x7e00) >>> 0)),
    );
    const halves = arrays.map((array): DeviceArray => ({ ...array, shape: [3], dtype: 'f16' }));
    const expected = hashOfWords(Uint32Array.of(0xabcd0123, 0x7e00));
    expect(await hashesOf(...halves)).toEqual([expected, expected]);
    for (const array of arrays) gpu.pool.free(array);
  });
});

const small = (threadRows: number, threadColumns: number): MatmulTiling => ({
  ...{ threadRows, threadColumns, workgroup: [4, 2], sharedDepth: 0 },
});
const [default_, other] = [small(4, 4), small(8, 4)];

/** A product whose second tiling computes one result with one wrong bit. */
class WrongProduct extends SampleProduct {
  constructor(
    shape: MatmulShape,
    private readonly wrong: 'y' | 'wide' | 'vector',
    private readonly at: number,
  ) {
    super(gpu, shape);
  }

  override run(tiling: MatmulTiling, epilogue?: Epilogue): void {
    super.run(tiling, epilogue);
    if (tiling !== other) return;
    gpu.commands.dispatch(flipKernel, { x: this.arrays[this.wrong] }, { at: this.at }, 1);
  }
}

const flipKernel = kernel({
  name: 'flip a bit',
  params: { at: 'u32' },
  reads: {},
  writes: { x: 'u32' },
  workgroup: [1, 1, 1],
  body: 'x[p.at] ^= 1u;',
});

describe('admitting a candidate', () => {
  const shapes: Record<'plain' | 'gelu' | 'sums', MatmulShape> = {
    plain: { layout: 'NN', epilogue: 'plain', rows: 36, columns: 44, depth: 70 },
    gelu: { layout: 'NT', epilogue: 'gelu', rows: 33, columns: 40, depth: 52 },
    sums: { layout: 'TN', epilogue: 'sums', rows: 40, columns: 20, depth: 1100 },
  };
  const admitted = async (product: SampleProduct): Promise<boolean> => {
    for (const epilogue of product.epilogues)
      for (const tiling of [default_, other]) expect(await compiles(gpu, product.kernels(tiling, epilogue))).toBe(true);
    return hasSameBits(gpu, product, [default_, other], product.epilogues);
  };

  it.each(Object.entries(shapes))('accepts a tiling with the bits of the default one: %s', async (_, shape) => {
    const before = gpu.pool.liveArrays;
    expect(await admitted(new SampleProduct(gpu, shape))).toBe(true);
    expect(gpu.pool.liveArrays).toBe(before);
  });

  it.each([
    ['the last number of the product', 'plain', 'y', 36 * 44 - 1],
    ['one of the sums before GELU', 'gelu', 'wide', 700],
    ["one of the left operand's column sums", 'sums', 'vector', 39],
  ] as const)('refuses a tiling that changes one bit of %s', async (_, name, wrong, at) => {
    expect(await admitted(new WrongProduct(shapes[name], wrong, at))).toBe(false);
  });

  it('refuses only the tilings with other bits', async () => {
    const product = new WrongProduct(shapes.plain, 'y', 5);
    const third = small(4, 8);
    await compiles(gpu, product.kernels(third));
    product.allocate();
    const same = await withBitsOfFirst(gpu, product, [default_, other, third], product.epilogues[0]);
    product.free();
    expect(same).toEqual([default_, third]);
  });
});
