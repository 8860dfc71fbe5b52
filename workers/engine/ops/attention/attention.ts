import type { DeviceArray } from '../../arrays';
import type { Engine, EngineTraits } from '../../engine';
import { kernel, type KernelWasmCall } from '../../kernel';
import { memo } from '../../memo';
import { wasmPackedBytes } from '../matmul/wasmMatmul';
import { dropoutValues } from '../dropout/dropout';
import type { DropoutPlace } from '../dropout/dropoutPlaces';
import { philoxFunctions } from '../dropout/philox';
import { dropoutParams } from '../dropout/dropout';

/**
 * Attention within each text of packed rows: y = P·v with P = softmax(s·q·kᵀ), s = 1/√D, per head (Vaswani et al.,
 * arXiv 1706.03762, eq. 1). No S × S matrix is ever stored (Dao, arXiv 2307.08691, algorithms 1 and 2): forward keeps
 * log Σ exp of each row, and backward recomputes P from it. With δ_i = dy_i·y_i:
 * dv = Pᵀ·dy, dP = dy·vᵀ, dS = P∘(dP − δ), dq = s·dS·k, dk = s·dSᵀ·q. Dropout masks P in y and dv, and masks dP.
 *
 * A thread computes one head for a block of consecutive rows of a text, and uses every other row that it reads for the
 * whole block.
 */
export interface AttentionInputs {
  /** [T, 3H]: each row holds its query, key and value, head after head. */
  qkv: DeviceArray;
  /** [blocks, 4]: first row, row count (at most `attentionBlockRows`), begin and end of the text. Covers all rows. */
  blocks: DeviceArray;
  heads: number;
  /** Length of the longest text. */
  longest: number;
  dropout: DropoutPlace | undefined;
}

/** y [T, H] and lse [T, A], the log Σ exp of each row's scores. */
export type AttentionSaved = AttentionInputs & { y: DeviceArray; lse: DeviceArray };

/**
 * Returns the maximum rows per block. A GPU thread has registers for only one row; a software adapter is faster if it
 * reads each key once for four rows; wasm multiplies matrices.
 */
export function attentionBlockRows({ software, wasm }: EngineTraits): number {
  if (wasm) return wasmBlockRows;
  return software ? 4 : 1;
}

/**
 * Rows per block on wasm: most texts fit in one block, and a block's scores against a long text stay in the L2 cache.
 */
const wasmBlockRows = 96;

/** Returns y [T, H]. Padding rows become zeros. */
export function attentionForward(engine: Engine, inputs: AttentionInputs): { y: DeviceArray; saved: AttentionSaved } {
  const { qkv, blocks, heads, longest, dropout } = inputs;
  const { rows, hidden, variant, groups } = variantOf(engine, inputs);
  const y = engine.pool.allocate([rows, hidden], qkv.dtype);
  const lse = engine.pool.allocate([rows, heads]);
  const params = { blockCount: blocks.shape[0] ?? 0, heads, longest, ...dropoutValues(dropout, heads) };
  engine.commands.dispatch(forwardKernel(variant), { qkv, blocks, y, lse }, params, groups);
  return { y, saved: { ...inputs, y, lse } };
}

/** Returns the gradient of qkv, [T, 3H], from dy [T, H]. */
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
  // Wasm functions take blocks of any size. A wasm engine never compiles the WGSL, so one variant is enough.
  const blockRows = engine.traits.wasm ? 1 : attentionBlockRows(engine.traits);
  const variant: Variant = { headSize: width / 3 / heads, blockRows, dropout: dropout !== undefined };
  const groups = [Math.ceil((blocks.shape[0] ?? 0) / workgroup[0]), heads, 1] as const;
  return { rows, hidden: width / 3, variant, groups };
}

/** Returns the wasm call of a variant. One item is one head of one block. */
function wasmCall(call: string, { headSize }: Variant): KernelWasmCall<keyof typeof params> {
  return {
    call,
    items: ({ blockCount, heads }) => blockCount * heads,
    constants: [headSize],
    scratchBytes: ({ longest }) =>
      wasmPackedBytes(Math.max(longest, headSize)) + 8 * (wasmBlockRows + 1) * (longest + 4),
  };
}

/**
 * Returns a function that estimates the FLOPs of a dispatch: `products` products of every row with every key, as if all
 * texts were as long as the longest. The estimate is too high if only a few texts of the batch are long.
 */
function flopsOf(products: number, { headSize, blockRows }: Variant) {
  return ({ blockCount, heads, longest }: Readonly<Record<keyof typeof params, number>>): number =>
    2 * products * blockCount * blockRows * longest * heads * headSize;
}

/**
 * Returns WGSL fragments for a head size and block size. They keep rows in registers, as vec4 if the head size allows.
 */
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
    /** Generates a line for each register of each row. */
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
    /** Generates guarded writes: rows past the block's end repeat its last row and must not be written. */
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

/** Computes dq_i = s·Σ_j dS_ij·k_j, and δ_i for the key-value kernel. */
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

/** Computes dv_j = Σ_i P_ij·dy_i and dk_j = s·Σ_i dS_ij·q_i over the rows i of the text. */
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
