import { kernel, type KernelWasmCall } from '../../kernel';
import { memo } from '../../memo';
import { philoxFunctions } from '../dropout/philox';
import { wasmPackedBytes } from '../matmul/wasmMatmul';
import { attentionFlops, attentionParams, wasmBlockRows, type AttentionParam } from './attentionShape';

/**
 * Attention kernels in which a thread computes whole rows: one head of up to four consecutive rows of a text. The
 * thread uses every other row that it reads for all of them. These kernels serve software adapters, where barriers cost
 * more than they save, and head sizes that the tiled kernels do not handle. They also name the wasm functions.
 */
export interface RowVariant {
  headSize: number;
  /**
   * Rows per thread. With one, the 64 threads of a workgroup share a block; with four, each thread has its own block.
   */
  rowsPerThread: 1 | 4;
  dropout: boolean;
}

/** Returns the wasm call of a variant. An item is one head of one block. */
function wasmCall(call: string, { headSize }: RowVariant): KernelWasmCall<AttentionParam> {
  return {
    call,
    items: ({ blockCount, heads }) => blockCount * heads,
    constants: [headSize],
    scratchBytes: ({ longest }) =>
      wasmPackedBytes(Math.max(longest, headSize)) + 8 * (wasmBlockRows + 3) * (longest + 4),
  };
}

/**
 * Returns WGSL fragments for a head size and block size. They keep rows in registers, as vec4s if the head size allows.
 */
function pieces({ headSize, rowsPerThread, dropout }: RowVariant) {
  const vectors = headSize % 4 === 0;
  const count = vectors ? headSize / 4 : headSize;
  const element = vectors ? ('vec4<f32>' as const) : ('f32' as const);
  const list = (n: number, line: (i: number) => string, between: string): string =>
    Array.from({ length: n }, (_, i) => line(i)).join(between);
  const each = (line: (i: number) => string): string => list(count, line, '\n');
  const keyMasks = dropout ? list(rowsPerThread, (r) => `  var mask${r} = vec4<f32>(0.0);`, '\n') : '';
  // Draws the factors of row r for keys j … j + 3 of its text whenever j − begin reaches a multiple of four.
  const drawKeys = dropout
    ? `    let offset = j - begin;
    if ((offset & 3u) == 0u) {
${list(rowsPerThread, (r) => `      mask${r} = dropout_keys(t${r} * p.heads + head, offset >> 2u);`, '\n')}
    }`
    : '';
  return {
    element,
    count,
    zero: `${element}(0.0)`,
    globals: dropout ? philoxFunctions : '',
    each,
    eachRow: (line: (r: number) => string): string => list(rowsPerThread, line, '\n'),
    /** Generates a line for each register of each row. */
    all: (line: (r: number, i: number) => string): string => list(rowsPerThread, (r) => each((i) => line(r, i)), '\n'),
    dot: (a: (i: number) => string, b: (i: number) => string): string =>
      list(count, (i) => (vectors ? `dot(${a(i)}, ${b(i)})` : `${a(i)} * ${b(i)}`), ' + '),
    /** Begins the loop over the keys j of the text, and reads key and value. */
    eachKey: `${keyMasks}
  for (var j = begin; j < end; j++) {
${drawKeys}
    let k = j * stride + hidden + head * ${count}u;
    let v = k + hidden;
${each((i) => `    let k${i} = qkv[k + ${i}u]; let v${i} = qkv[v + ${i}u];`)}`,
    keyFactor: (r: number): string => (dropout ? `mask${r}[offset & 3u]` : '1.0'),
    /** Draws the factors of row i for the thread's own rows, which act as keys here. */
    drawRows: dropout ? `    let mask = dropout_keys(i * p.heads + head, (t0 - begin) >> 2u);` : '',
    rowFactor: (r: number): string =>
      dropout ? (rowsPerThread === 4 ? `mask[${r}]` : `mask[(t0 - begin) & 3u]`) : '1.0',
    start: `
${startOf(rowsPerThread)}
  let begin = block.z;
  let end = block.w;
  let hidden = p.heads * ${count}u;
  let stride = 3u * hidden;
  let scale = ${1 / Math.sqrt(headSize)};
${list(rowsPerThread, (r) => `  let own${r} = t${r} * stride + head * ${count}u; let out${r} = t${r} * hidden + head * ${count}u;`, '\n')}`,
    /** Generates guarded writes. Rows past the block's end repeat its last row and must not be written. */
    write: (lines: (r: number) => string): string =>
      list(
        rowsPerThread,
        (r) => `  if (${rowsPerThread === 1 ? 'true' : `${r}u < block.y`}) {\n${lines(r)}\n  }`,
        '\n',
      ),
  };
}

/**
 * Returns WGSL that finds the thread's block, head and rows t0, t1, … Rows past the block's end repeat its last row.
 */
function startOf(rowsPerThread: 1 | 4): string {
  if (rowsPerThread === 1)
    return `  let head = wid.y;
  let block = blocks[wid.x];
  if (lane >= block.y) { return; }
  let t0 = block.x + lane;`;
  return `  let head = gid.y;
  if (gid.x >= p.blockCount) { return; }
  let block = blocks[gid.x];
${[0, 1, 2, 3].map((r) => `  let t${r} = block.x + min(${r}u, block.y - 1u);`).join('\n')}`;
}

/** Returns the number of workgroups of a dispatch. */
export function rowAttentionGroups(
  { rowsPerThread }: RowVariant,
  blocks: number,
  heads: number,
): readonly [number, number, number] {
  return [rowsPerThread === 1 ? blocks : Math.ceil(blocks / workgroup[0]), heads, 1];
}

const params = attentionParams;
const workgroup = [64, 1, 1] as const;

export const rowForwardKernel = memo((variant: RowVariant) => {
  const { element, zero, globals, each, eachRow, all, dot, start, write, ...dropping } = pieces(variant);
  return kernel({
    name: 'attention forward',
    params,
    flops: attentionFlops(2, variant.headSize),
    reads: { qkv: element, blocks: 'vec4<u32>' },
    writes: { y: element, lse: 'f32' },
    wasm: wasmCall('attentionForward', variant),
    workgroup,
    globals,
    body: `${start}
${all((r, i) => `  let q${r}_${i} = qkv[own${r} + ${i}u] * scale; var sum${r}_${i} = ${zero};`)}
${eachRow((r) => `  var top${r} = -3.0e38; var total${r} = 0.0;`)}
${dropping.eachKey}
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
    let used${r} = weight${r} * ${dropping.keyFactor(r)};
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
export const rowQueryKernel = memo((variant: RowVariant) => {
  const { element, zero, globals, each, eachRow, all, dot, start, write, ...dropping } = pieces(variant);
  return kernel({
    name: 'attention backward, queries',
    params,
    flops: attentionFlops(3, variant.headSize),
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
${dropping.eachKey}
${eachRow(
  (r) => `    let probability${r} = exp(${dot(
    (i) => `q${r}_${i}`,
    (i) => `k${i}`,
  )} - level${r});
    let dProbability${r} = (${dot(
      (i) => `d${r}_${i}`,
      (i) => `v${i}`,
    )}) * ${dropping.keyFactor(r)};
    let dScore${r} = probability${r} * (dProbability${r} - along${r}) * scale;
${each((i) => `    sum${r}_${i} += dScore${r} * k${i};`)}`,
)}
  }
${write((r) => `${each((i) => `    dqkv[own${r} + ${i}u] = sum${r}_${i};`)}\n    delta[t${r} * p.heads + head] = along${r};`)}`,
  });
});

/** Computes dv_j = Σ_i P_ij·dy_i and dk_j = s·Σ_i dS_ij·q_i over the rows i of the text. */
export const rowKeyValueKernel = memo((variant: RowVariant) => {
  const { element, count, zero, globals, each, eachRow, all, dot, start, write, ...dropping } = pieces(variant);
  return kernel({
    name: 'attention backward, keys and values',
    params,
    flops: attentionFlops(4, variant.headSize),
    reads: { qkv: element, blocks: 'vec4<u32>', dy: element, lse: 'f32', delta: 'f32' },
    writes: { dqkv: element },
    wasm: wasmCall('attentionKeyValues', variant),
    workgroup,
    globals,
    body: `${start}
${all((r, i) => `  let k${r}_${i} = qkv[own${r} + hidden + ${i}u]; let v${r}_${i} = qkv[own${r} + 2u * hidden + ${i}u]; var dk${r}_${i} = ${zero}; var dv${r}_${i} = ${zero};`)}
  for (var i = begin; i < end; i++) {
${dropping.drawRows}
    let q = i * stride + head * ${count}u;
    let o = i * hidden + head * ${count}u;
    let level = lse[i * p.heads + head];
    let along = delta[i * p.heads + head];
${each((i) => `    let q${i} = qkv[q + ${i}u]; let d${i} = dy[o + ${i}u];`)}
${eachRow(
  (r) => `    let factor${r} = ${dropping.rowFactor(r)};
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
