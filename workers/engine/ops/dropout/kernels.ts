import type { DeviceArray } from '../../arrays';
import { lengthOf } from '../../arrays';
import type { Engine } from '../../engine';
import { kernel } from '../../kernel';
import { dropoutThreshold, type DropoutKey } from './random';
import { dropoutParams, philoxFunctions } from './wgsl';

/** One place that drops: the key of its random numbers, and how often. */
export type DropoutPlace = DropoutKey & { rate: number };
export type DropoutValues = Record<keyof typeof dropoutParams, number>;

/** Values of the uniform's dropout fields; without a place nothing is dropped. */
export function dropoutValues(place: DropoutPlace | undefined): DropoutValues {
  if (!place) return { dropSeed: 0, dropStep: 0, dropOp: 0, dropBelow: 0, dropScale: 1 };
  const { seed, step, op, rate } = place;
  return { dropSeed: seed, dropStep: step, dropOp: op, dropBelow: dropoutThreshold(rate), dropScale: 1 / (1 - rate) };
}

/** x ∘ mask as a new array: forward of a place that drops by itself, and backward of all places. */
export function dropoutApply(engine: Engine, x: DeviceArray, place: DropoutPlace): DeviceArray {
  const y = engine.pool.allocate(x.shape);
  const length = lengthOf(x.shape);
  engine.commands.dispatch(apply, { x, y }, { length, ...dropoutValues(place) }, Math.ceil(length / 256));
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
  let mask = dropout_quad(quad);
  let end = min(quad * 4u + 4u, p.length);
  for (var i = quad * 4u; i < end; i++) { y[i] = x[i] * mask[i - quad * 4u]; }`,
});
