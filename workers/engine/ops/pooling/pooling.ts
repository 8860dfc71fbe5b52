import type { Pooling } from '../../../../src/domain/model';
import type { DeviceArray, ArrayDType } from '../../arrays';
import type { Engine, EngineTraits } from '../../engine';
import { kernel } from '../../kernel';
import { memo } from '../../memo';
import { holdsRows } from '../../quadRows';
import { rowKernelGroups, rowKernel } from '../../rowKernel';
import { heldNormalize, meanQuads, means } from './poolingKernels';

/** A range of consecutive texts in a packed batch. */
interface PooledTexts {
  /** [texts of the batch + 1]: first row of each text, then the number of tokens. */
  offsets: DeviceArray;
  /** [T, 4]: begin and end of the row's text, index of that text, token id. */
  rowInfo: DeviceArray;
  firstText: number;
  texts: number;
  pooling: Pooling;
}

/** Pooled vectors [B, H], of unit length if `normalize`, and their norms [B] before normalization. */
export type PoolingSaved = { unit: DeviceArray; norms: DeviceArray; texts: PooledTexts };

/** Code of each pooling kind in the kernels. */
const picks: Record<Pooling, number> = { mean: 0, cls: 1, last: 2 };

/**
 * Pools hidden [T, H] → [B, H]: the mean over a text's tokens, its first token (cls) or its last. If `normalize`,
 * divides by max(‖x‖, 1e-12), as torch.nn.functional.normalize does.
 */
export function poolingForward(
  engine: Engine,
  hidden: DeviceArray,
  texts: PooledTexts,
  normalize: boolean,
): { y: DeviceArray; saved: PoolingSaved } {
  const [, width = 0] = hidden.shape;
  const { offsets, firstText, texts: rows, pooling } = texts;
  const unit = engine.pool.allocate([rows, width]);
  const norms = engine.pool.allocate([rows]);
  const params = { rows, width, firstText, pick: picks[pooling], normalize: normalize ? 1 : 0 };
  if (holdsRows(engine.traits, width)) {
    const columns = Math.ceil(width / 4 / meanQuads);
    engine.commands.dispatch(means, { hidden, offsets, unit }, params, [columns, rows, 1]);
    engine.commands.dispatch(heldNormalize(width), { unit, norms }, params, rows);
  } else {
    const groups = rowKernelGroups(engine.traits, rows);
    engine.commands.dispatch(forwardKernel(engine.traits), { hidden, offsets, unit, norms }, params, groups);
  }
  return { y: unit, saved: { unit, norms, texts } };
}

/**
 * Spreads the gradients of pooled vectors over the tokens of their texts: dHidden [T, H]. With mean pooling, each of n
 * tokens gets 1/n of the gradient; with cls or last, one token gets all of it. The gradients of the batch's first texts
 * are in `first`, and those of the texts after them in `rest`; all other rows get zeros.
 */
export function poolingBackward(
  engine: Engine,
  first: DeviceArray,
  rest: DeviceArray | undefined,
  { rowInfo, pooling }: Pick<PooledTexts, 'rowInfo' | 'pooling'>,
  storage: ArrayDType = 'f32',
): DeviceArray {
  const [rows = 0] = rowInfo.shape;
  const [firstTexts = 0, width = 0] = first.shape;
  const [restTexts = 0] = rest?.shape ?? [];
  const dHidden = engine.pool.allocate([rows, width], storage);
  const params = { rows, width, firstTexts, texts: firstTexts + restTexts, pick: picks[pooling] };
  const quads = width % 4 === 0;
  engine.commands.dispatch(
    spread({ quads }),
    { rowInfo, first, rest: rest ?? first, dHidden },
    params,
    Math.ceil((rows * width) / (quads ? 4 : 1) / 64),
  );
  return dHidden;
}

const forwardKernel = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    name: 'pooling forward',
    params: { rows: 'u32', width: 'u32', firstText: 'u32', pick: 'u32', normalize: 'u32' },
    reads: { hidden: 'f32', offsets: 'u32' },
    writes: { unit: 'f32', norms: 'f32' },
    wasm: { call: 'poolingForward', items: ({ rows }) => rows },
    body: `
  var begin = offsets[p.firstText + row];
  var end = offsets[p.firstText + row + 1u];
  if (p.pick == 1u) { end = begin + 1u; }
  if (p.pick == 2u) { begin = end - 1u; }
  let at = row * p.width;
  var squares = 0.0;
  for (var i = me; i < p.width; i += step) {
    var sum = 0.0;
    for (var t = begin; t < end; t++) { sum += hidden[t * p.width + i]; }
    let mean = sum / f32(end - begin);
    unit[at + i] = mean;
    squares += mean * mean;
  }
  let norm = max(sqrt(row_sum(squares, me)), 1e-12);
  if (me == 0u) { norms[row] = norm; }
  if (p.normalize == 1u) {
    for (var i = me; i < p.width; i += step) { unit[at + i] = unit[at + i] / norm; }
  }`,
  }),
);

/** Each thread writes four numbers if the width is a multiple of four, otherwise one. */
const spread = memo(({ quads }: { quads: boolean }) => {
  const element = quads ? 'vec4<f32>' : 'f32';
  return kernel({
    name: 'pooling backward',
    params: { rows: 'u32', width: 'u32', firstTexts: 'u32', texts: 'u32', pick: 'u32' },
    reads: { rowInfo: 'vec4<u32>', first: element, rest: element },
    writes: { dHidden: element },
    wasm: { call: 'poolingBackward', items: ({ rows }) => rows },
    workgroup: [64, 1, 1],
    body: `
  let width = ${quads ? 'p.width / 4u' : 'p.width'};
  let i = group * 64u + lane;
  let row = i / width;
  if (row >= p.rows) { return; }
  let column = i % width;
  let info = rowInfo[row];
  var d = ${element}();
  let picked = p.pick == 0u || (p.pick == 1u && row == info.x) || (p.pick == 2u && row + 1u == info.y);
  if (info.z < p.texts && picked) {
    let share = select(1.0, 1.0 / f32(info.y - info.x), p.pick == 0u);
    if (info.z < p.firstTexts) { d = first[info.z * width + column] * share; }
    else { d = rest[(info.z - p.firstTexts) * width + column] * share; }
  }
  dHidden[i] = d;`,
  });
});
