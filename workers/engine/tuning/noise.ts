import { arrayLength, type DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import { kernel } from '../kernel';

/**
 * Fills an array with random numbers between −1 and 1 of several magnitudes, so that sums of their products reveal any
 * change in the order of addition. With zeros, a GPU would use less power and therefore run faster. The numbers are
 * generated on the device, because uploading the operands of a large product takes longer than measuring it.
 */
export function fillWithNoise(engine: Engine, array: DeviceArray, seed: number): void {
  const length = arrayLength(array.shape);
  if (engine.traits.wasm)
    return engine.commands.write(
      array,
      Float32Array.from({ length }, (_, i) => Math.sin(i * i)),
    );
  engine.commands.dispatch(noiseKernel, { x: array }, { length, seed }, Math.ceil(length / 64));
}

const noiseKernel = kernel({
  name: 'noise',
  params: { length: 'u32', seed: 'u32' },
  reads: {},
  writes: { x: 'f32' },
  workgroup: [64, 1, 1],
  body: `
  let i = group * 64u + lane;
  if (i >= p.length) { return; }
  var bits = (i ^ (p.seed * 0x9e3779b9u)) * 0x85ebca6bu;
  bits = (bits ^ (bits >> 13u)) * 0xc2b2ae35u;
  bits ^= bits >> 16u;
  let unit = f32(bits >> 8u) * 0x1p-23f - 1.0;
  x[i] = unit / f32(1u << (bits & 7u));`,
});
