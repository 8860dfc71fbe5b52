import type { DeviceArray } from '../arrays';
import type { Engine, EngineTraits } from '../engine';
import { memo } from '../memo';
import { rowKernel, rowKernelGroups } from '../rowKernel';
import type { Loss, LossVectors } from './loss';

export interface PrefixWeight {
  dimension: number;
  weight: number;
}

/**
 * Returns Σ_m w_m·loss(prefixes of length m), each prefix normalized again (Kusupati et al., arXiv 2205.13147, eq. 1;
 * MatryoshkaLoss of sentence-transformers). The other numbers that the loss reports are those of the longest prefix.
 * Throws RangeError in `run` if a prefix is longer than the vectors.
 */
export function matryoshkaLoss(loss: Loss, prefixes: readonly PrefixWeight[]): Loss {
  const longestFirst = [...prefixes].sort((a, b) => b.dimension - a.dimension);
  return {
    numbers: loss.numbers,
    run(engine, vectors, targets, gradientScale, numbers) {
      const { pool, commands } = engine;
      const d = { anchors: pool.allocate(vectors.anchors.shape), candidates: pool.allocate(vectors.candidates.shape) };
      for (const array of [d.anchors, d.candidates]) commands.clear(array);
      const part = pool.allocate([loss.numbers.length]);
      longestFirst.forEach(({ dimension, weight }, index) => {
        const prefix = prefixesOf(engine, vectors, dimension);
        const dPrefix = loss.run(engine, prefix.unit, targets, gradientScale * weight, part);
        addGradients(engine, prefix, dPrefix, d);
        const params = { rows: 1, count: loss.numbers.length, weight, first: index === 0 ? 1 : 0 };
        commands.dispatch(numbersKernel(engine.traits), { part, numbers }, params, 1);
        const { unit, norms } = prefix;
        for (const of of [unit, norms, dPrefix]) for (const array of [of.anchors, of.candidates]) pool.free(array);
      });
      pool.free(part);
      return d;
    },
  };
}

/** Normalized prefixes of both sides' vectors, and their norms before normalization. */
interface Prefixes {
  unit: LossVectors;
  norms: LossVectors;
}

function prefixesOf(engine: Engine, vectors: LossVectors, dimension: number): Prefixes {
  const [anchors, candidates] = [vectors.anchors, vectors.candidates].map((x) => prefixForward(engine, x, dimension));
  if (!anchors || !candidates) throw new TypeError('expected the vectors of both sides');
  return {
    unit: { anchors: anchors.unit, candidates: candidates.unit },
    norms: { anchors: anchors.norms, candidates: candidates.norms },
  };
}

function prefixForward(engine: Engine, vectors: DeviceArray, dimension: number) {
  const [rows = 0, width = 0] = vectors.shape;
  if (dimension > width) throw new RangeError(`a prefix of ${dimension} is longer than the vectors, ${width}`);
  const unit = engine.pool.allocate([rows, dimension]);
  const norms = engine.pool.allocate([rows]);
  const groups = rowKernelGroups(engine.traits, rows);
  engine.commands.dispatch(forwardKernel(engine.traits), { vectors, unit, norms }, { rows, width, dimension }, groups);
  return { unit, norms };
}

function addGradients(engine: Engine, { unit, norms }: Prefixes, dUnit: LossVectors, d: LossVectors): void {
  for (const side of ['anchors', 'candidates'] as const) {
    const [rows = 0, width = 0] = d[side].shape;
    const [, dimension = 0] = unit[side].shape;
    const arrays = { dUnit: dUnit[side], unit: unit[side], norms: norms[side], dVectors: d[side] };
    const groups = rowKernelGroups(engine.traits, rows);
    engine.commands.dispatch(backwardKernel(engine.traits), arrays, { rows, width, dimension }, groups);
  }
}

/** Normalizes the first `dimension` numbers of each row, as torch.nn.functional.normalize does. */
const forwardKernel = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    name: 'prefix',
    params: { rows: 'u32', width: 'u32', dimension: 'u32' },
    reads: { vectors: 'f32' },
    writes: { unit: 'f32', norms: 'f32' },
    wasm: { call: 'prefixForward', items: ({ rows }) => rows },
    body: `
  let source = row * p.width;
  let target_at = row * p.dimension;
  var squares = 0.0;
  for (var i = me; i < p.dimension; i += step) { squares += vectors[source + i] * vectors[source + i]; }
  let norm = max(sqrt(row_sum(squares, me)), 1e-12);
  if (me == 0u) { norms[row] = norm; }
  for (var i = me; i < p.dimension; i += step) { unit[target_at + i] = vectors[source + i] / norm; }`,
  }),
);

/** Adds the gradient of the numbers before normalization: dx += (du − u·(u·du))/‖x‖. */
const backwardKernel = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    name: 'prefix backward',
    params: { rows: 'u32', width: 'u32', dimension: 'u32' },
    reads: { dUnit: 'f32', unit: 'f32', norms: 'f32' },
    writes: { dVectors: 'f32' },
    wasm: { call: 'prefixBackward', items: ({ rows }) => rows },
    body: `
  let at = row * p.dimension;
  var along = 0.0;
  for (var i = me; i < p.dimension; i += step) { along += dUnit[at + i] * unit[at + i]; }
  let radial = row_sum(along, me);
  for (var i = me; i < p.dimension; i += step) {
    dVectors[row * p.width + i] += (dUnit[at + i] - unit[at + i] * radial) / norms[row];
  }`,
  }),
);

/** Adds a prefix's loss. The first prefix also writes the other numbers. */
const numbersKernel = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    name: 'prefix numbers',
    params: { rows: 'u32', count: 'u32', weight: 'f32', first: 'u32' },
    reads: { part: 'f32' },
    writes: { numbers: 'f32' },
    wasm: { call: 'prefixNumbers', items: ({ rows }) => rows },
    body: `
  if (me == 0u) {
    numbers[0] = select(numbers[0], 0.0, p.first == 1u) + p.weight * part[0];
    if (p.first == 1u) { for (var i = 1u; i < p.count; i++) { numbers[i] = part[i]; } }
  }`,
  }),
);
