import type { DeviceArray } from '../../arrays';
import { arrayLength } from '../../arrays';
import type { Engine } from '../../engine';
import { kernel } from '../../kernel';
import type { DropoutPlace } from './dropoutPlaces';
import { philoxFunctions } from './philox';

/** Uniforms that the Philox functions read. `dropFirst` is the index of element 0 in the array of the whole batch. */
export const dropoutParams = {
  dropSeed: 'u32',
  dropStep: 'u32',
  dropOp: 'u32',
  dropBelow: 'u32',
  dropFirst: 'u32',
  dropScale: 'f32',
} as const;

export type DropoutValues = Record<keyof typeof dropoutParams, number>;

/**
 * Returns the values of the dropout uniforms for rows of `width` numbers. If `place` is undefined, nothing is dropped.
 */
export function dropoutValues(place: DropoutPlace | undefined, width: number): DropoutValues {
  if (!place) return { dropSeed: 0, dropStep: 0, dropOp: 0, dropBelow: 0, dropFirst: 0, dropScale: 1 };
  const { seed, step, op, rate, firstRow = 0 } = place;
  return {
    dropSeed: seed,
    dropStep: step,
    dropOp: op,
    dropBelow: dropoutThreshold(rate),
    dropFirst: firstRow * width,
    dropScale: 1 / (1 - rate),
  };
}

/**
 * Returns x ∘ mask [T, H] in a new array. The mask is 0 with probability `rate`, else 1/(1 − rate) (Srivastava et al.,
 * JMLR 2014). Also serves as the backward pass, dx = dy ∘ mask. Not needed where another kernel applies the mask:
 * products do in the forward pass, attention does in both passes.
 */
export function dropoutApply(engine: Engine, x: DeviceArray, place: DropoutPlace): DeviceArray {
  const y = engine.pool.allocate(x.shape, x.dtype);
  const length = arrayLength(x.shape);
  const [, width = 1] = x.shape;
  engine.commands.dispatch(apply, { x, y }, { length, ...dropoutValues(place, width) }, Math.ceil(length / 256));
  return y;
}

const apply = kernel({
  name: 'dropout',
  params: { length: 'u32', ...dropoutParams },
  reads: { x: 'f32' },
  writes: { y: 'f32' },
  wasm: { call: 'dropout', items: ({ length }) => Math.ceil(length / 4) },
  workgroup: [64, 1, 1],
  globals: philoxFunctions,
  body: `
  let quad = group * 64u + lane;
  if (quad * 4u >= p.length) { return; }
  let first = quad * 4u;
  let end = min(first + 4u, p.length);
  if (p.dropFirst % 4u == 0u) {
    let mask = dropout_quad(quad);
    for (var i = first; i < end; i++) { y[i] = x[i] * mask[i - first]; }
  } else {
    for (var i = first; i < end; i++) { y[i] = x[i] * dropout_one(i); }
  }`,
});

/** Returns the 32-bit threshold: an element is dropped if its random number is below it. */
export function dropoutThreshold(rate: number): number {
  return Math.min(2 ** 32 - 1, Math.round(rate * 2 ** 32));
}
