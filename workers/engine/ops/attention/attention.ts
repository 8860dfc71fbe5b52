import type { DeviceArray } from '../../arrays';
import type { Engine, Traits } from '../../engine';
import { kernel, type WasmCall } from '../../kernel';
import { memo } from '../../memo';
import { packedBytes } from '../matmul/wasmProduct';
import { dropoutValues } from '../dropout/dropout';
import type { DropoutPlace } from '../dropout/places';
import { dropoutParams, philoxFunctions } from '../dropout/philox';

/**
 * Attention inside each text of packed rows, without ever holding S × S numbers (Dao, arXiv 2307.08691, algorithms 1 and 2): forward keeps the
 * logarithm of each row's sum, backward computes probabilities anew from it. A thread owns a block of neighbouring rows of one text, in one head:
 * what it reads of the other rows of the text serves the whole block.
 */
export interface AttentionInputs {
  /** [T, 3H]: queries, keys, values beside each other, head after head. */
  qkv: DeviceArray;
  /** [blocks, 4]: first row, how many (at most `attentionBlockRows`), begin and end of their text. They cover all rows. */
  blocks: DeviceArray;
  heads: number;
  /** Rows of the longest text. */
  longest: number;
  dropout: DropoutPlace | undefined;
}
export type AttentionSaved = AttentionInputs & { y: DeviceArray; lse: DeviceArray };

/** Rows of a block: a GPU has registers for one, a software adapter gains by reading each key for four, wasm works on matrices. */
export function attentionBlockRows({ software, wasm }: Traits): number {
  if (wasm) return wasmBlockRows;
  return software ? 4 : 1;
}

/** Most texts are one block; the scores of a long one stay in the second cache. */
const wasmBlockRows = 96;

/** → y [T, H]; rows without a text give zeros. */
export function attentionForward(engine: Engine, inputs: AttentionInputs): { y: DeviceArray; saved: AttentionSaved } {
  const { qkv, blocks, heads, longest, dropout } = inputs;
  const { rows, hidden, variant, groups } = variantOf(engine, inputs);
  const y = engine.pool.allocate([rows, hidden], qkv.dtype);
  const lse = engine.pool.allocate([rows, heads]);
  const params = { blockCount: blocks.shape[0] ?? 0, heads, longest, ...dropoutValues(dropout, heads) };
  engine.commands.dispatch(forwardKernel(variant), { qkv, blocks, y, lse }, params, groups);
  return { y, saved: { ...inputs, y, lse } };
}

/** dy [T, H] → the gradient of qkv, [T, 3H]. */
export function attentionBackward(engine: Engine, dy: DeviceArray, saved: AttentionSaved): DeviceArray {
  const { qkv, blocks, heads, longest, y, lse, dropout } = saved;
  const { rows, variant, groups } = variantOf(engine, saved);
  const dqkv = engine.pool.allocate(qkv.shape, qkv.dtype);
  const delta = engine.pool.allocate([rows, heads]);
  const params = { blockCount: blocks.shape[0] ?? 0, heads, longest, ...dropoutValues(dropout, heads) };
  engine.commands.dispatch(queryKernel(variant), { qkv, blocks, dy, y, lse, dqkv, delta }, params, groups);
  engine.commands.dispatch(keyValueKernel(variant), { qkv, blocks, dy, lse, delta, dqkv }, params, groups);
  engine.pool.free(delta);
  return dqkv;
}

type Variant = { headSize: number; blockRows: number; dropout: boolean };

function variantOf(engine: Engine, { qkv, blocks, heads, dropout }: AttentionInputs) {
  const [rows = 0, width = 0] = qkv.shape;
  // The wasm functions take any; their shader is never compiled.
  const blockRows = engine.traits.wasm ? 1 : attentionBlockRows(engine.traits);
  const variant: Variant = { headSize: width / 3 / heads, blockRows, dropout: dropout !== undefined };
  const groups = [Math.ceil((blocks.shape[0] ?? 0) / workgroup[0]), heads, 1] as const;
  return { rows, hidden: width / 3, variant, groups };
}

/** The wasm function of a variant. An item is one head of a block. */
function wasmCall(call: string, { headSize }: Variant): WasmCall<keyof typeof params> {
  return {
    call,
    items: ({ blockCount, heads }) => blockCount * heads,
    constants: [headSize],
    scratchBytes: ({ longest }) => packedBytes(Math.max(longest, headSize)) + 8 * (wasmBlockRows + 1) * (longest + 4),
  };
}

/** FLOPs of so many products of each row with each key, were all texts as long as the longest: of a batch of few long ones it says too much. */
function flopsOf(products: number, { headSize, blockRows }: Variant) {
  return ({ blockCount, heads, longest }: Readonly<Record<keyof typeof params, number>>): number =>
    2 * products * blockCount * blockRows * longest * heads * headSize;
}

/** The pieces of a kernel that depend on the head's size and the block's: all lies in registers, as vec4 where it can. */
function pieces({ headSize, blockRows, dropout }: Variant) {
  const vectors = headSize % 4 === 0;
  const count = vectors ? headSize / 4 : headSize;
  const element = vectors ? ('vec4<f32>' as const) : ('f32' as const);
  const list = (n: number, line: (i: number) => string, between: string): string =>
    Array.from({ length: n }, (_, i) => line(i)).join(between);
  const each = (line: (i: number) => string): string => list(count, line, '\n');
  return {
    element,
    count,
    zero: `${element}(0.0)`,
    globals: dropout ? philoxFunctions : '',
    each,
    eachRow: (line: (r: number) => string): string => list(blockRows, line, '\n'),
    /** A line for each number of each row. */
    all: (line: (r: number, i: number) => string): string => list(blockRows, (r) => each((i) => line(r, i)), '\n'),
    dot: (a: (i: number) => string, b: (i: number) => string): string =>
      list(count, (i) => (vectors ? `dot(${a(i)}, ${b(i)})` : `${a(i)} * ${b(i)}`), ' + '),
    mask: (row: string, key: string): string => (dropout ? `dropout_pair((${row}) * p.heads + head, ${key})` : '1.0'),
    start: `
  let head = gid.y;
  if (gid.x >= p.blockCount) { return; }
  let block = blocks[gid.x];
  let begin = block.z;
  let end = block.w;
  let hidden = p.heads * ${count}u;
  let stride = 3u * hidden;
  let scale = ${1 / Math.sqrt(headSize)};
${list(blockRows, (r) => `  let t${r} = block.x + ${r === 0 ? '0u' : `min(${r}u, block.y - 1u)`}; let own${r} = t${r} * stride + head * ${count}u; let out${r} = t${r} * hidden + head * ${count}u;`, '\n')}`,
    /** Rows beyond the block's end are computed as copies of its last, and not written. */
    write: (lines: (r: number) => string): string =>
      list(blockRows, (r) => `  if (${r}u < block.y) {\n${lines(r)}\n  }`, '\n'),
  };
}

const params = { blockCount: 'u32', heads: 'u32', longest: 'u32', ...dropoutParams } as const;
const workgroup = [64, 1, 1] as const;

const forwardKernel = memo((variant: Variant) => {
  const { element, count, zero, globals, each, eachRow, all, dot, mask, start, write } = pieces(variant);
  return kernel({
    name: 'attention forward',
    params,
    flops: flopsOf(2, variant),
    reads: { qkv: element, blocks: 'vec4<u32>' },
    writes: { y: element, lse: 'f32' },
    wasm: wasmCall('attentionForward', variant),
    workgroup,
    globals,
    body: `${start}
${all((r, i) => `  let q${r}_${i} = qkv[own${r} + ${i}u] * scale; var sum${r}_${i} = ${zero};`)}
${eachRow((r) => `  var top${r} = -3.0e38; var total${r} = 0.0;`)}
  for (var j = begin; j < end; j++) {
    let k = j * stride + hidden + head * ${count}u;
    let v = k + hidden;
${each((i) => `    let k${i} = qkv[k + ${i}u]; let v${i} = qkv[v + ${i}u];`)}
${eachRow(
  (r) => `    let score${r} = ${dot(
    (i) => `q${r}_${i}`,
    (i) => `k${i}`,
  )};
    if (score${r} > top${r}) {
      let shrink = exp(top${r} - score${r});
      top${r} = score${r};
      total${r} *= shrink;
${each((i) => `      sum${r}_${i} *= shrink;`)}
    }
    let weight${r} = exp(score${r} - top${r});
    total${r} += weight${r};
    let used${r} = weight${r} * ${mask(`t${r}`, 'j - begin')};
${each((i) => `    sum${r}_${i} += used${r} * v${i};`)}`,
)}
  }
  let filled = end > begin;
${write(
  (r) => `    let share = select(0.0, 1.0 / total${r}, filled);
${each((i) => `    y[out${r} + ${i}u] = sum${r}_${i} * share;`)}
    lse[t${r} * p.heads + head] = select(0.0, top${r} + log(total${r}), filled);`,
)}`,
  });
});

/** dq_i = s·Σ_j dS_ij·k_j with dS = P∘(dP − δ), δ_i = dy_i·y_i. */
const queryKernel = memo((variant: Variant) => {
  const { element, count, zero, globals, each, eachRow, all, dot, mask, start, write } = pieces(variant);
  return kernel({
    name: 'attention backward, queries',
    params,
    flops: flopsOf(3, variant),
    reads: { qkv: element, blocks: 'vec4<u32>', dy: element, y: element, lse: 'f32' },
    writes: { dqkv: element, delta: 'f32' },
    wasm: wasmCall('attentionQueries', variant),
    workgroup,
    globals,
    body: `${start}
${all((r, i) => `  let q${r}_${i} = qkv[own${r} + ${i}u] * scale; let d${r}_${i} = dy[out${r} + ${i}u]; var sum${r}_${i} = ${zero};`)}
${eachRow(
  (r) =>
    `  let along${r} = ${dot(
      (i) => `d${r}_${i}`,
      (i) => `y[out${r} + ${i}u]`,
    )}; let level${r} = lse[t${r} * p.heads + head];`,
)}
  for (var j = begin; j < end; j++) {
    let k = j * stride + hidden + head * ${count}u;
    let v = k + hidden;
${each((i) => `    let k${i} = qkv[k + ${i}u]; let v${i} = qkv[v + ${i}u];`)}
${eachRow(
  (r) => `    let probability${r} = exp(${dot(
    (i) => `q${r}_${i}`,
    (i) => `k${i}`,
  )} - level${r});
    let dProbability${r} = (${dot(
      (i) => `d${r}_${i}`,
      (i) => `v${i}`,
    )}) * ${mask(`t${r}`, 'j - begin')};
    let dScore${r} = probability${r} * (dProbability${r} - along${r}) * scale;
${each((i) => `    sum${r}_${i} += dScore${r} * k${i};`)}`,
)}
  }
${write((r) => `${each((i) => `    dqkv[own${r} + ${i}u] = sum${r}_${i};`)}\n    delta[t${r} * p.heads + head] = along${r};`)}`,
  });
});

/** dv_j = Σ_i P_ij·dy_i, dk_j = s·Σ_i dS_ij·q_i, over the rows i of the text. */
const keyValueKernel = memo((variant: Variant) => {
  const { element, count, zero, globals, each, eachRow, all, dot, mask, start, write } = pieces(variant);
  return kernel({
    name: 'attention backward, keys and values',
    params,
    flops: flopsOf(4, variant),
    reads: { qkv: element, blocks: 'vec4<u32>', dy: element, lse: 'f32', delta: 'f32' },
    writes: { dqkv: element },
    wasm: wasmCall('attentionKeyValues', variant),
    workgroup,
    globals,
    body: `${start}
${all((r, i) => `  let k${r}_${i} = qkv[own${r} + hidden + ${i}u]; let v${r}_${i} = qkv[own${r} + 2u * hidden + ${i}u]; var dk${r}_${i} = ${zero}; var dv${r}_${i} = ${zero};`)}
  for (var i = begin; i < end; i++) {
    let q = i * stride + head * ${count}u;
    let o = i * hidden + head * ${count}u;
    let level = lse[i * p.heads + head];
    let along = delta[i * p.heads + head];
${each((i) => `    let q${i} = qkv[q + ${i}u]; let d${i} = dy[o + ${i}u];`)}
${eachRow(
  (r) => `    let factor${r} = ${mask('i', `t${r} - begin`)};
    let probability${r} = exp((${dot(
      (i) => `q${i}`,
      (i) => `k${r}_${i}`,
    )}) * scale - level);
    let dProbability${r} = (${dot(
      (i) => `d${i}`,
      (i) => `v${r}_${i}`,
    )}) * factor${r};
    let dScore${r} = probability${r} * (dProbability${r} - along) * scale;
    let used${r} = probability${r} * factor${r};
${each((i) => `    dv${r}_${i} += used${r} * d${i}; dk${r}_${i} += dScore${r} * q${i};`)}`,
)}
  }
${write((r) => each((i) => `    dqkv[own${r} + hidden + ${i}u] = dk${r}_${i}; dqkv[own${r} + 2u * hidden + ${i}u] = dv${r}_${i};`))}`,
  });
});
