import type { EncoderConfig } from '../../../src/domain/model';
import type { GpuArray } from '../gpu/arrays';
import type { Gpu } from '../gpu/gpu';
import { attentionBackward, attentionForward, type GpuAttentionSaved } from '../ops/attention/kernels';
import { columnSums } from '../ops/columnSums/kernels';
import { dropoutApply, type DropoutPlace } from '../ops/dropout/kernels';
import { layerNormBackward, layerNormForward, type GpuLayerNormSaved } from '../ops/layerNorm/kernels';
import { matmul } from '../ops/matmul/matmul';
import type { GpuTokens } from './gpuTokens';
import type { Dropout } from './layer';
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
 * dy [T, H] → the layer's gradients, written to where `gradients` has room for them, and, where `needX`, dx [T, H]. Frees dy and what was
 * saved, x too.
 */
export function layerBackward(
  dy: GpuArray,
  saved: GpuLayerSaved,
  layer: number,
  context: GpuContext,
  gradients: SegmentTable,
  needX: boolean,
): GpuArray | undefined {
  const { gpu, config } = context;
  const [, hidden = 0] = dy.shape;
  const inner = config.intermediateSize;
  const gradient = (module: LayerModule, part: 'weight' | 'bias', shape: readonly number[]): GpuArray | undefined =>
    gradients.has(layerParameter(layer, module, part)) ? parameter(gradients, layer, module, part, shape) : undefined;
  const norm = (d: GpuArray, module: 'attentionNorm' | 'outputNorm'): GpuArray => {
    const [gamma, beta] = [gradient(module, 'weight', [hidden]), gradient(module, 'bias', [hidden])];
    return layerNormBackward(gpu, d, saved[module], { gamma, beta });
  };
  const linear = (d: GpuArray, input: GpuArray, module: LayerModule, shape: readonly [number, number]): void => {
    const weights = { weight: gradient(module, 'weight', shape), bias: gradient(module, 'bias', shape.slice(0, 1)) };
    linearGradients(gpu, d, input, weights);
  };
  const inputGradient = (d: GpuArray, module: LayerModule, shape: readonly [number, number], extra = {}): GpuArray => {
    const dx = gpu.pool.allocate([d.shape[0] ?? 0, shape[1]]);
    matmul(gpu, 'NN', d, parameter(context.weights, layer, module, 'weight', shape), dx, extra);
    return dx;
  };
  const dropped = (d: GpuArray, op: number): GpuArray => {
    const where = place(context, layer, op);
    return where ? dropoutApply(gpu, d, where) : d;
  };
  const free = (...arrays: GpuArray[]): void => arrays.forEach((array) => gpu.pool.free(array));

  const dz2 = norm(dy, 'outputNorm'); // [T, H]
  free(dy, saved.outputNorm.z, saved.outputNorm.stats);
  const dOutput = dropped(dz2, 2); // [T, H]
  linear(dOutput, saved.gelu, 'output', [hidden, inner]);
  free(saved.gelu);
  const dPre = inputGradient(dOutput, 'output', [hidden, inner], { geluGradient: saved.pre }); // [T, F]
  free(saved.pre);
  if (dOutput !== dz2) free(dOutput);
  linear(dPre, saved.middle, 'intermediate', [inner, hidden]);
  const dMiddle = inputGradient(dPre, 'intermediate', [inner, hidden], { residual: dz2 }); // [T, H]
  free(dPre, dz2, saved.middle);
  const dz1 = norm(dMiddle, 'attentionNorm'); // [T, H]
  free(dMiddle, saved.attentionNorm.z, saved.attentionNorm.stats);
  const dAttended = dropped(dz1, 1); // [T, H]
  linear(dAttended, saved.attention.y, 'attentionOutput', [hidden, hidden]);
  const dAttention = inputGradient(dAttended, 'attentionOutput', [hidden, hidden]); // [T, H]
  if (dAttended !== dz1) free(dAttended);
  const dqkv = attentionBackward(gpu, dAttention, saved.attention); // [T, 3H]
  free(dAttention, saved.attention.qkv, saved.attention.y, saved.attention.lse);
  linear(dqkv, saved.x, 'query', [3 * hidden, hidden]);
  const dx = needX ? inputGradient(dqkv, 'query', [3 * hidden, hidden], { residual: dz1 }) : undefined; // [T, H]
  free(dqkv, dz1, saved.x);
  return dx;
}

/** dW = dyᵀ·x, with the bias's gradient from the same reading of dy; the bias's alone costs no product. */
function linearGradients(
  gpu: Gpu,
  dy: GpuArray,
  x: GpuArray,
  { weight, bias }: { weight: GpuArray | undefined; bias: GpuArray | undefined },
): void {
  if (weight) return matmul(gpu, 'TN', dy, x, weight, bias ? { aSums: bias } : {});
  if (bias) columnSums(gpu, dy, bias);
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

/** Frees all that a layer saved but its input. */
export function freeInner(gpu: Gpu, { attention, attentionNorm, outputNorm, middle, pre, gelu }: GpuLayerSaved): void {
  const inner = [attention.qkv, attention.y, attention.lse, middle, pre, gelu];
  for (const norm of [attentionNorm, outputNorm]) inner.push(norm.z, norm.stats);
  for (const array of inner) gpu.pool.free(array);
}

/** Places in a layer that drop, in order: attention probabilities, attention output, feed-forward output. */
function place({ dropout }: GpuContext, layer: number, drop: number): DropoutPlace | undefined {
  return dropout ? { ...dropout, op: 1 + layer * 3 + drop } : undefined;
}
