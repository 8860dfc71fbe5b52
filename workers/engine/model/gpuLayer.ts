import type { EncoderConfig } from '../../../src/domain/model';
import type { GpuArray } from '../gpu/arrays';
import type { Gpu } from '../gpu/gpu';
import { attentionBackward, attentionForward, type GpuAttentionSaved } from '../ops/attention/kernels';
import { dropoutApply, type DropoutPlace } from '../ops/dropout/kernels';
import { layerNormBackward, layerNormForward, type GpuLayerNormSaved } from '../ops/layerNorm/kernels';
import { matmul } from '../ops/matmul/matmul';
import type { GpuTokens } from './gpuTokens';
import type { Dropout, Need } from './layer';
import { layerParameter, type LayerModule } from './names';
import type { SegmentTable } from './segments';

/** What a layer computes with. `gradients` is written in place. */
export interface GpuContext {
  gpu: Gpu;
  weights: SegmentTable;
  config: EncoderConfig;
  tokens: GpuTokens;
  dropout: Dropout | undefined;
}

export type GpuLayerSaved = {
  x: GpuArray;
  attention: GpuAttentionSaved;
  attentionNorm: GpuLayerNormSaved;
  middle: GpuArray;
  /** Before and after GELU, [T, F]. */
  pre: GpuArray;
  gelu: GpuArray;
  outputNorm: GpuLayerNormSaved;
};

/** One BERT layer, post-LayerNorm: x [T, H] → y [T, H]. x is kept in what is saved. */
export function layerForward(x: GpuArray, layer: number, context: GpuContext): { y: GpuArray; saved: GpuLayerSaved } {
  const { gpu, config, tokens } = context;
  const [rows = 0, hidden = 0] = x.shape;
  const inner = config.intermediateSize;
  const norm = (z: GpuArray, module: LayerModule) =>
    layerNormForward(gpu, {
      z,
      gamma: parameter(context.weights, layer, module, 'weight', [hidden]),
      beta: parameter(context.weights, layer, module, 'bias', [hidden]),
      epsilon: config.layerNormEpsilon,
    });
  const linear = (input: GpuArray, module: LayerModule, shape: readonly [number, number], extra = {}): GpuArray => {
    const y = gpu.pool.allocate([rows, shape[0]]);
    const weight = parameter(context.weights, layer, module, 'weight', shape);
    const bias = parameter(context.weights, layer, module, 'bias', [shape[0]]);
    matmul(gpu, 'NT', input, weight, y, { bias, ...extra });
    return y;
  };
  const qkv = linear(x, 'query', [3 * hidden, hidden]); // [T, 3H]
  const attention = attentionForward(gpu, {
    qkv,
    blocks: tokens.blocks,
    heads: config.heads,
    dropout: place(context, layer, 0),
  });
  const attentionOutput = { residual: x, dropout: place(context, layer, 1) };
  const z1 = linear(attention.y, 'attentionOutput', [hidden, hidden], attentionOutput); // [T, H]
  const attentionNorm = norm(z1, 'attentionNorm');
  const middle = attentionNorm.y; // [T, H]
  const pre = gpu.pool.allocate([rows, inner]); // [T, F]
  const gelu = linear(middle, 'intermediate', [inner, hidden], { gelu: pre }); // [T, F]
  const z2 = linear(gelu, 'output', [hidden, inner], { residual: middle, dropout: place(context, layer, 2) }); // [T, H]
  const outputNorm = norm(z2, 'outputNorm');
  const saved = {
    x,
    attention: attention.saved,
    attentionNorm: attentionNorm.saved,
    middle,
    pre,
    gelu,
    outputNorm: outputNorm.saved,
  };
  return { y: outputNorm.y, saved };
}

/**
 * dy [T, H] → the layer's gradients, written to `gradients`, and, where `needX`, dx [T, H]. Frees dy and what was saved, x too.
 */
export function layerBackward(
  dy: GpuArray,
  saved: GpuLayerSaved,
  layer: number,
  context: GpuContext,
  gradients: SegmentTable,
  need: Need,
  needX: boolean,
): GpuArray | undefined {
  const { gpu, config } = context;
  const { pool } = gpu;
  const [, hidden = 0] = dy.shape;
  const inner = config.intermediateSize;
  const wants = (module: LayerModule): boolean =>
    need(layerParameter(layer, module, 'weight')) || need(layerParameter(layer, module, 'bias'));
  const norm = (gradient: GpuArray, module: 'attentionNorm' | 'outputNorm'): GpuArray =>
    layerNormBackward(gpu, gradient, saved[module], wants(module) ? {
      gamma: parameter(gradients, layer, module, 'weight', [hidden]),
      beta: parameter(gradients, layer, module, 'bias', [hidden]),
    } : undefined); // prettier-ignore
  const weightGradient = (
    d: GpuArray,
    input: GpuArray,
    module: LayerModule,
    shape: readonly [number, number],
  ): void => {
    if (!wants(module)) return;
    const aSums = parameter(gradients, layer, module, 'bias', [shape[0]]);
    matmul(gpu, 'TN', d, input, parameter(gradients, layer, module, 'weight', shape), { aSums });
  };
  const inputGradient = (d: GpuArray, module: LayerModule, shape: readonly [number, number], extra = {}): GpuArray => {
    const dx = pool.allocate([d.shape[0] ?? 0, shape[1]]);
    matmul(gpu, 'NN', d, parameter(context.weights, layer, module, 'weight', shape), dx, extra);
    return dx;
  };
  const dropped = (d: GpuArray, op: number): GpuArray => {
    const where = place(context, layer, op);
    return where ? dropoutApply(gpu, d, where) : d;
  };
  const free = (...arrays: GpuArray[]): void => arrays.forEach((array) => pool.free(array));

  const dz2 = norm(dy, 'outputNorm'); // [T, H]
  free(dy, saved.outputNorm.z, saved.outputNorm.stats);
  const dOutput = dropped(dz2, 2); // [T, H]
  weightGradient(dOutput, saved.gelu, 'output', [hidden, inner]);
  free(saved.gelu);
  const dPre = inputGradient(dOutput, 'output', [hidden, inner], { geluGradient: saved.pre }); // [T, F]
  free(saved.pre);
  if (dOutput !== dz2) free(dOutput);
  weightGradient(dPre, saved.middle, 'intermediate', [inner, hidden]);
  const dMiddle = inputGradient(dPre, 'intermediate', [inner, hidden], { residual: dz2 }); // [T, H]
  free(dPre, dz2, saved.middle);
  const dz1 = norm(dMiddle, 'attentionNorm'); // [T, H]
  free(dMiddle, saved.attentionNorm.z, saved.attentionNorm.stats);
  const dAttended = dropped(dz1, 1); // [T, H]
  weightGradient(dAttended, saved.attention.y, 'attentionOutput', [hidden, hidden]);
  const dAttention = inputGradient(dAttended, 'attentionOutput', [hidden, hidden]); // [T, H]
  if (dAttended !== dz1) free(dAttended);
  const dqkv = attentionBackward(gpu, dAttention, saved.attention); // [T, 3H]
  free(dAttention, saved.attention.qkv, saved.attention.y, saved.attention.lse);
  if (wants('query') || wants('key') || wants('value')) weightGradientQkv();
  const dx = needX ? inputGradient(dqkv, 'query', [3 * hidden, hidden], { residual: dz1 }) : undefined; // [T, H]
  free(dqkv, dz1, saved.x);
  return dx;

  function weightGradientQkv(): void {
    const aSums = parameter(gradients, layer, 'query', 'bias', [3 * hidden]);
    const weight = parameter(gradients, layer, 'query', 'weight', [3 * hidden, hidden]);
    matmul(gpu, 'TN', dqkv, saved.x, weight, { aSums });
  }
}

/** A parameter's place; `query` with three times the rows is query, key and value together. */
function parameter(
  table: SegmentTable,
  layer: number,
  module: LayerModule,
  part: 'weight' | 'bias',
  shape: readonly number[],
): GpuArray {
  return table.view(layerParameter(layer, module, part), shape);
}

/** Places in a layer that drop, in order: attention probabilities, attention output, feed-forward output. */
function place({ dropout }: GpuContext, layer: number, drop: number): DropoutPlace | undefined {
  return dropout ? { ...dropout, op: 1 + layer * 3 + drop } : undefined;
}
