import type { DeviceArray } from '../../arrays';
import type { Engine } from '../../engine';
import { dropoutValues } from '../dropout/dropout';
import type { DropoutPlace } from '../dropout/dropoutPlaces';
import { gpuBlockRows, type AttentionParam } from './attentionShape';
import { attentionTiling } from './attentionTilings';
import {
  rowAttentionGroups,
  rowForwardKernel,
  rowKeyValueKernel,
  rowQueryKernel,
  type RowVariant,
} from './rowAttention';
import { tiledKeyValueKernel, tiledQueryKernel } from './tiledBackward';
import { tiledForwardKernel } from './tiledForward';
import type { AttentionTileVariant } from './tileWriter';
import type { AttentionPass, AttentionTiling } from './tiling';

/**
 * Attention within each text of packed rows: y = P·v with P = softmax(s·q·kᵀ), s = 1/√D, per head (Vaswani et al.,
 * arXiv 1706.03762, eq. 1). No S × S matrix is ever stored (Dao, arXiv 2307.08691, algorithms 1 and 2): the forward
 * pass keeps log Σ exp of each row, and the backward pass recomputes P from it. With δ_i = dy_i·y_i: dv = Pᵀ·dy, dP =
 * dy·vᵀ, dS = P∘(dP − δ), dq = s·dS·k, dk = s·dSᵀ·q. Dropout masks P in y and dv, and masks dP.
 *
 * GPUs compute heads of size 32 and 64 by tiles in workgroup memory. Other head sizes, and all heads on software
 * adapters, are computed row by row.
 */
interface AttentionInputs {
  /** [T, 3H]: each row holds its query, key and value, head after head. */
  qkv: DeviceArray;
  /**
   * [blocks, 4]: first row, row count (at most `attentionBlockRows`), begin and end of the text. The blocks cover all
   * rows.
   */
  blocks: DeviceArray;
  heads: number;
  /** Number of tokens in the longest text. */
  longest: number;
  /** Sum of the squared lengths of all texts. */
  squaredLengths: number;
  dropout: DropoutPlace | undefined;
  /** Overrides the tilings that the device's limits suggest. */
  tilings?: Readonly<Partial<Record<AttentionPass, AttentionTiling>>>;
}

/** y [T, H] and lse [T, A], the log Σ exp of each row's scores. */
export type AttentionSaved = AttentionInputs & { y: DeviceArray; lse: DeviceArray };

/** Returns y [T, H]. Padding rows become zeros. */
export function attentionForward(engine: Engine, inputs: AttentionInputs): { y: DeviceArray; saved: AttentionSaved } {
  const { qkv, blocks, heads } = inputs;
  const [rows = 0, width = 0] = qkv.shape;
  const y = engine.pool.allocate([rows, width / 3], qkv.dtype);
  const lse = engine.pool.allocate([rows, heads]);
  const { kernel, groups } = choose(engine, inputs, 'forward', rowForwardKernel, tiledForwardKernel);
  engine.commands.dispatch(kernel, { qkv, blocks, y, lse }, paramsOf(inputs), groups);
  return { y, saved: { ...inputs, y, lse } };
}

/** Returns the gradient of qkv, [T, 3H], given dy [T, H]. */
export function attentionBackward(engine: Engine, dy: DeviceArray, saved: AttentionSaved): DeviceArray {
  const { qkv, blocks, heads, y, lse } = saved;
  const dqkv = engine.pool.allocate(qkv.shape, qkv.dtype);
  const delta = engine.pool.allocate([qkv.shape[0] ?? 0, heads]);
  const params = paramsOf(saved);
  const queries = choose(engine, saved, 'queries', rowQueryKernel, tiledQueryKernel);
  engine.commands.dispatch(queries.kernel, { qkv, blocks, dy, y, lse, dqkv, delta }, params, queries.groups);
  const keyValues = choose(engine, saved, 'keyValues', rowKeyValueKernel, tiledKeyValueKernel);
  engine.commands.dispatch(keyValues.kernel, { qkv, blocks, dy, lse, delta, dqkv }, params, keyValues.groups);
  engine.pool.free(delta);
  return dqkv;
}

function paramsOf({
  blocks,
  heads,
  longest,
  squaredLengths,
  dropout,
}: AttentionInputs): Record<AttentionParam, number> {
  return { blockCount: blocks.shape[0] ?? 0, heads, longest, squaredLengths, ...dropoutValues(dropout, heads) };
}

/** Returns the kernel of a pass for these inputs on this device, and its number of workgroups. */
function choose<RowKernel, TiledKernel>(
  { traits }: Engine,
  { qkv, blocks, heads, dropout, tilings }: AttentionInputs,
  pass: AttentionPass,
  rowKernel: (variant: RowVariant) => RowKernel,
  tiledKernel: (variant: AttentionTileVariant) => TiledKernel,
): { kernel: RowKernel | TiledKernel; groups: readonly [number, number, number] } {
  const headSize = (qkv.shape[1] ?? 0) / 3 / heads;
  const count = blocks.shape[0] ?? 0;
  const drops = dropout !== undefined;
  if (!traits.wasm && !traits.software && (headSize === 32 || headSize === 64)) {
    const tiling = tilings?.[pass] ?? attentionTiling(pass, headSize, traits.workgroupBytes);
    const kernel = tiledKernel({ headSize, tiling, dropout: drops });
    return { kernel, groups: [heads, count, Math.ceil(gpuBlockRows / tiling.rows)] };
  }
  // A wasm engine never compiles WGSL, so one variant is enough.
  const variant: RowVariant = { headSize, rowsPerThread: traits.software ? 4 : 1, dropout: drops };
  return { kernel: rowKernel(variant), groups: rowAttentionGroups(variant, count, heads) };
}
