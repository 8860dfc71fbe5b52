import type { DeviceArray } from '../arrays';
import type { Engine, EngineTraits } from '../engine';
import { memo } from '../memo';
import type { Loss } from './loss';
import { rowKernelGroups, rowKernel } from '../rowKernel';

export interface CosentOptions {
  temperature: number;
}

export interface CosentRunOptions extends CosentOptions {
  gradientScale?: number | undefined; // multiplies all gradients; 1 by default
}

/** The numbers that `cosent` writes. */
const cosentNumbers = ['loss', 'orderedShare'] as const satisfies Loss['numbers'];
export const cosentNumberCount = cosentNumbers.length;

/** Returns CoSENT as a loss of training steps. Candidate i is the second sentence of row i. */
export function cosentLoss(options: CosentOptions): Loss {
  return {
    numbers: cosentNumbers,
    run(engine, { anchors, candidates }, { scores }, gradientScale, numbers) {
      if (!scores) throw new RangeError('CoSENT needs the scores of a batch');
      const d = cosent(engine, anchors, candidates, scores, { ...options, gradientScale }, numbers);
      return { anchors: d.first, candidates: d.second };
    },
  };
}

/**
 * Loss and gradients of CoSENT (Huang et al., IEEE/ACM TASLP 2024; sentence-transformers' CoSENTLoss). The cosines s_i
 * = cos(first_i, second_i) should have the order of the scores y_i: L = log(1 + Σ_{y_j > y_i} exp((s_i − s_j)/τ)). With
 * w_ij = exp((s_i − s_j)/τ − L) for y_j > y_i, else 0: dL/ds_i = (Σ_j w_ij − Σ_j w_ji)/τ, dfirst_i = dL/ds_i·second_i
 * and dsecond_i = dL/ds_i·first_i.
 *
 * Takes unit vectors first, second [B, E] and scores [B]. Writes `cosentNumberCount` numbers and returns the gradients
 * of the unit vectors.
 */
export function cosent(
  engine: Engine,
  first: DeviceArray,
  second: DeviceArray,
  scores: DeviceArray,
  { temperature, gradientScale = 1 }: CosentRunOptions,
  numbers: DeviceArray,
): { first: DeviceArray; second: DeviceArray } {
  const { pool, commands, traits } = engine;
  const [rows = 0, width = 0] = first.shape;
  const groups = rowKernelGroups(traits, rows);
  const cosines = pool.allocate([rows]);
  const stats = pool.allocate([rows, 4]);
  const d = { first: pool.allocate(first.shape), second: pool.allocate(second.shape) };
  commands.dispatch(cosinesKernel(traits), { first, second, cosines }, { rows, width }, groups);
  commands.dispatch(rowsKernel(traits), { cosines, scores, stats }, { rows, temperature }, groups);
  commands.dispatch(lossKernel(traits), { stats, numbers }, { rows: 1, pairs: rows }, 1);
  commands.dispatch(
    gradientKernel(traits),
    { cosines, scores, numbers, first, second, dFirst: d.first, dSecond: d.second },
    { rows, width, temperature, gradientScale },
    groups,
  );
  for (const array of [cosines, stats]) pool.free(array);
  return d;
}

const cosinesKernel = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    name: 'cosent cosines',
    params: { rows: 'u32', width: 'u32' },
    reads: { first: 'f32', second: 'f32' },
    writes: { cosines: 'f32' },
    wasm: { call: 'cosentCosines', items: ({ rows }) => rows },
    body: `
  let at = row * p.width;
  var sum = 0.0;
  for (var i = me; i < p.width; i += step) { sum += first[at + i] * second[at + i]; }
  let cosine = row_sum(sum, me);
  if (me == 0u) { cosines[row] = cosine; }`,
  }),
);

/**
 * For each pair, computes four numbers over the pairs with higher scores: the largest term, Σ exp(term − largest), the
 * number of those pairs, and how many of them are in the correct order.
 */
const rowsKernel = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    name: 'cosent rows',
    params: { rows: 'u32', temperature: 'f32' },
    reads: { cosines: 'f32', scores: 'f32' },
    writes: { stats: 'vec4<f32>' },
    wasm: { call: 'cosentRows', items: ({ rows }) => rows },
    body: `
  var highest = -3.0e38;
  var compared = 0.0;
  var right = 0.0;
  for (var j = me; j < p.rows; j += step) {
    if (scores[j] > scores[row]) {
      let difference = cosines[row] - cosines[j];
      highest = max(highest, difference / p.temperature);
      compared += 1.0;
      right += select(0.0, 1.0, difference < 0.0);
    }
  }
  let best = row_max(highest, me);
  var sum = 0.0;
  for (var j = me; j < p.rows; j += step) {
    if (scores[j] > scores[row]) { sum += exp((cosines[row] - cosines[j]) / p.temperature - best); }
  }
  let terms = row_sum(sum, me);
  let allCompared = row_sum(compared, me);
  let allRight = row_sum(right, me);
  if (me == 0u) { stats[row] = vec4<f32>(best, terms, allCompared, allRight); }`,
  }),
);

const lossKernel = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    name: 'cosent loss',
    params: { rows: 'u32', pairs: 'u32' },
    reads: { stats: 'vec4<f32>' },
    writes: { numbers: 'f32' },
    wasm: { call: 'cosentLoss', items: ({ rows }) => rows },
    body: `
  var highest = 0.0;
  for (var i = me; i < p.pairs; i += step) { highest = max(highest, stats[i].x); }
  let best = row_max(highest, me);
  var sum = 0.0;
  var compared = 0.0;
  var right = 0.0;
  for (var i = me; i < p.pairs; i += step) {
    sum += stats[i].y * exp(stats[i].x - best);
    compared += stats[i].z;
    right += stats[i].w;
  }
  let terms = exp(-best) + row_sum(sum, me);
  let allCompared = row_sum(compared, me);
  let allRight = row_sum(right, me);
  if (me == 0u) {
    numbers[0] = best + log(terms);
    numbers[1] = select(1.0, allRight / max(1.0, allCompared), allCompared > 0.0);
  }`,
  }),
);

const gradientKernel = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    name: 'cosent gradient',
    params: { rows: 'u32', width: 'u32', temperature: 'f32', gradientScale: 'f32' },
    reads: { cosines: 'f32', scores: 'f32', numbers: 'f32', first: 'f32', second: 'f32' },
    writes: { dFirst: 'f32', dSecond: 'f32' },
    wasm: { call: 'cosentGradient', items: ({ rows }) => rows },
    body: `
  var sum = 0.0;
  for (var j = me; j < p.rows; j += step) {
    let term = (cosines[row] - cosines[j]) / p.temperature;
    if (scores[j] > scores[row]) { sum += exp(term - numbers[0]); }
    if (scores[row] > scores[j]) { sum -= exp(-term - numbers[0]); }
  }
  let d = row_sum(sum, me) / p.temperature * p.gradientScale;
  let at = row * p.width;
  for (var i = me; i < p.width; i += step) {
    dFirst[at + i] = d * second[at + i];
    dSecond[at + i] = d * first[at + i];
  }`,
  }),
);
