import { kernel } from '../../kernel';
import { memo } from '../../memo';
import { attentionFlops, attentionParams } from './attentionShape';
import { columnsInText, each, key, query, scaleOf, TileWriter, value, type AttentionTileVariant } from './tileWriter';
import { columnThreads, tileWorkgroup } from './tiling';

const eight = Array.from({ length: columnThreads }, (_, n) => n);

/**
 * Attention forward by tiles. For each tile, computes the scores; their maximum per row, exchanged through `tops`; and
 * P, with sums of four in `totals`. Then rescales all sums and adds P·v. Keys and values take turns in workgroup
 * memory.
 */
export const tiledForwardKernel = memo((variant: AttentionTileVariant) => {
  const { tiling, headSize } = variant;
  const tile = new TileWriter(variant);
  return kernel({
    name: 'attention forward',
    params: attentionParams,
    flops: attentionFlops(2, headSize),
    reads: { qkv: 'vec4<f32>', blocks: 'vec4<u32>' },
    writes: { y: 'vec4<f32>', lse: 'f32' },
    workgroup: tileWorkgroup(tiling),
    globals: tile.globals('forward'),
    body: `${tile.start}
${each(tile.rows, (i) => `  var top${i} = -3.0e38; var total${i} = 0.0;`)}
${tile.declareSums('sum')}
  if (begin < end) {
${tile.load('key', key, 'begin')}
${tile.store('key')}
  }
  workgroupBarrier();
  for (var base = begin; base < end; base += 32u) {
${tile.replace('value', value, 'base', maxima(tile, variant))}
${tile.keyFactors()}
${each(tile.rows, (i) => softmaxRow(tile, i))}
${tile.storeWeights((i) => tile.masked(`weight${i}`, i))}
    workgroupBarrier();
${tile.replace('next', key, 'base + 32u', `${each(tile.rows, (i) => addTotals(tile, i))}\n${tile.accumulate('sum')}`)}
    workgroupBarrier();
  }
  let filled = end > begin;
${tile.writeRows(
  (i) => `    let share = select(0.0, 1.0 / total${i}, filled);
${each(tile.outputs, (v) => `    y[${tile.output({ ...query, stride: 'hidden' }, i, v)}] = sum${i}_${v} * share;`)}
    if (c == 0u) { lse[row${i} * p.heads + head] = select(0.0, top${i} + log(total${i}), filled); }`,
)}`,
  });
});

/** Computes the scores, and stores the maximum of the thread's four scores per row in `tops`. */
function maxima(tile: TileWriter, variant: AttentionTileVariant): string {
  return `${tile.products('score', query)}
${columnsInText}
${each(
  tile.rows,
  (i) => `    score${i} = select(vec4<f32>(-3.0e38), score${i} * ${scaleOf(variant)}, in_text);
    tops[${tile.eight(i)} + c] = max(max(score${i}.x, score${i}.y), max(score${i}.z, score${i}.w));`,
)}`;
}

/** Raises the row's maximum, rescales its sums, and turns its scores into weights. */
function softmaxRow(tile: TileWriter, i: number): string {
  return `    var high${i} = top${i};
${each(eight, (n) => `    high${i} = max(high${i}, tops[${tile.eight(i)} + ${n}u]);`)}
    let shrink${i} = exp(top${i} - high${i});
    top${i} = high${i};
    let weight${i} = exp(score${i} - vec4<f32>(high${i}));
    totals[${tile.eight(i)} + c] = ((weight${i}.x + weight${i}.y) + weight${i}.z) + weight${i}.w;
${each(tile.outputs, (v) => `    sum${i}_${v} *= shrink${i};`)}`;
}

function addTotals(tile: TileWriter, i: number): string {
  const total = eight.map((n) => `totals[${tile.eight(i)} + ${n}u]`).reduce((sum, next) => `(${sum} + ${next})`);
  return `    total${i} = fma(total${i}, shrink${i}, ${total});`;
}
