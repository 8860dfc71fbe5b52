import { arrayLength, type DeviceArray } from '../../arrays';
import type { Engine } from '../../engine';
import { kernel } from '../../kernel';

/** Copies a float32 array into a half-precision array of the same shape. */
export function copyInHalf(engine: Engine, full: DeviceArray, half: DeviceArray): void {
  const length = arrayLength(full.shape);
  engine.commands.dispatch(copyKernel, { full, half }, { length }, Math.ceil(length / 256));
}

const copyKernel = kernel({
  name: 'copyInHalf',
  params: { length: 'u32' },
  reads: { full: 'vec4<f32>' },
  writes: { half: 'vec4<f32>' },
  workgroup: [64, 1, 1],
  body: `
  let i = group * 64u + lane;
  if (4u * i < p.length) { half[i] = full[i]; }`,
});
