import { kernel } from '../../kernel';
import { memo } from '../../memo';
import { attentionFlops, attentionParams } from './attentionShape';
import {
  columnsInText,
  each,
  gradient,
  key,
  query,
  scaleOf,
  TileWriter,
  value,
  type Operand,
  type AttentionTileVariant,
} from './tileWriter';
import { tileThreads, tileWorkgroup } from './tiling';

/**
 * Computes dq_i = s·Σ_j dS_ij·k_j by tiles, and δ_i for the key-value kernel. Values and keys take turns in workgroup
 * memory.
 */
export const tiledQueryKernel = memo((variant: AttentionTileVariant) => {
  const { tiling, headSize } = variant;
  const tile = new TileWriter(variant);
  return kernel({
    name: 'attention backward, queries',
    params: attentionParams,
    flops: attentionFlops(3, headSize),
    reads: { qkv: 'vec4<f32>', blocks: 'vec4<u32>', dy: 'vec4<f32>', y: 'vec4<f32>', lse: 'f32' },
    writes: { dqkv: 'vec4<f32>', delta: 'f32' },
    workgroup: tileWorkgroup(tiling),
    globals: tile.globals('queries'),
    body: `${tile.start}
${deltas(variant)}
${each(tile.rows, (i) => `  let level${i} = lse[row${i} * p.heads + head];`)}
${tile.declareSums('sum')}
${firstColumns(tile, value)}
${each(tile.rows, (i) => `  let along${i} = deltas[row${i} - first];`)}
  for (var base = begin; base < end; base += 32u) {
${tile.replace('key', key, 'base', tile.products('gradient', gradient))}
    workgroupBarrier();
${tile.products('score', query)}
${columnsInText}
${tile.keyFactors()}
${each(tile.rows, (i) => probabilities(variant, i, `vec4<f32>(level${i})`))}
${tile.storeWeights((i) => `probability${i} * (${tile.masked(`gradient${i}`, i)} - vec4<f32>(along${i}))`)}
    workgroupBarrier();
${tile.replace('next', value, 'base + 32u', tile.accumulate('sum'))}
    workgroupBarrier();
  }
${tile.writeRows((i) =>
  each(tile.outputs, (v) => `    dqkv[${tile.output(query, i, v)}] = sum${i}_${v} * ${scaleOf(variant)};`),
)}`,
  });
});

/**
 * Computes dv_j = Σ_i P_ij·dy_i and dk_j = s·Σ_i dS_ij·q_i by tiles. The workgroup's own rows are keys. Workgroup
 * memory holds queries, then dy, then queries again; P and dS take turns in it as well.
 */
export const tiledKeyValueKernel = memo((variant: AttentionTileVariant) => {
  const { tiling, headSize } = variant;
  const tile = new TileWriter(variant);
  return kernel({
    name: 'attention backward, keys and values',
    params: attentionParams,
    flops: attentionFlops(4, headSize),
    reads: { qkv: 'vec4<f32>', blocks: 'vec4<u32>', dy: 'vec4<f32>', lse: 'f32', delta: 'f32' },
    writes: { dqkv: 'vec4<f32>' },
    workgroup: tileWorkgroup(tiling),
    globals: tile.globals('keyValues'),
    body: `${tile.start}
${tile.declareSums('dk')}
${tile.declareSums('dv')}
${firstColumns(tile, query)}
  for (var base = begin; base < end; base += 32u) {
${ofColumns('level', 'lse')}
${ofColumns('along', 'delta')}
${tile.replace(
  'gradient',
  gradient,
  'base',
  `${tile.products('score', key)}
${columnsInText}
${tile.queryFactors()}
${each(tile.rows, (i) => probabilities(variant, i, 'level'))}
${tile.storeWeights((i) => tile.masked(`probability${i}`, i))}`,
)}
    workgroupBarrier();
${tile.replace('again', query, 'base', `${tile.products('gradient', value)}\n${tile.accumulate('dv')}`)}
${tile.storeWeights((i) => `probability${i} * (${tile.masked(`gradient${i}`, i)} - along)`)}
    workgroupBarrier();
${tile.replace('next', query, 'base + 32u', tile.accumulate('dk'))}
    workgroupBarrier();
  }
${tile.writeRows((i) =>
  each(
    tile.outputs,
    (v) => `    dqkv[${tile.output(key, i, v)}] = dk${i}_${v} * ${scaleOf(variant)};
    dqkv[${tile.output(value, i, v)}] = dv${i}_${v};`,
  ),
)}`,
  });
});

/** Computes δ = dy·y of the workgroup's rows, adding one product after another. */
function deltas({ headSize, tiling }: AttentionTileVariant): string {
  return `
  for (var n = lane; n < count; n += ${tileThreads(tiling)}u) {
    let at = (first + n) * hidden + part;
    var sum = 0.0;
    for (var d = 0u; d < ${headSize / 4}u; d++) {
      let a = dy[at + d];
      let b = y[at + d];
      sum = fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, fma(a.x, b.x, sum))));
    }
    deltas[n] = sum;
    delta[(first + n) * p.heads + head] = sum;
  }`;
}

function firstColumns(tile: TileWriter, operand: Operand): string {
  return `  if (begin < end) {
${tile.load('first', operand, 'begin')}
${tile.store('first')}
  }
  workgroupBarrier();`;
}

/** Recomputes P of the thread's row from its scores and log-sum-exp. P is zero past the end of the text. */
function probabilities(variant: AttentionTileVariant, i: number, level: string): string {
  const power = `exp(score${i} * ${scaleOf(variant)} - ${level})`;
  return `    let probability${i} = select(vec4<f32>(0.0), ${power}, in_text);`;
}

/** Reads the array's number for each of the thread's columns. */
function ofColumns(name: string, array: string): string {
  const numbers = [0, 1, 2, 3].map((j) => `${array}[min(base + 4u * c + ${j}u, end - 1u) * p.heads + head]`);
  return `    let ${name} = vec4<f32>(${numbers.join(', ')});`;
}
