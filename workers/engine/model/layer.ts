import type { DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import { attentionBackward, attentionForward, type AttentionSaved } from '../ops/attention/attention';
import { addColumnPartials, columnSums } from '../ops/columnSums/columnSums';
import { layerDropoutPlace } from '../ops/dropout/dropoutPlaces';
import { dropoutApply } from '../ops/dropout/dropout';
import { layerNormBackward, layerNormForward, type LayerNormSaved } from '../ops/layerNorm/layerNorm';
import { matmul } from '../ops/matmul/matmul';
import { layerParameterName, type LayerModuleName } from './parameterNames';
import type { SegmentTable } from './segmentTable';
import type { EncoderContext } from './encoderContext';
import type { GradientSink } from './gradientSink';

export type LayerSaved = {
  x: DeviceArray;
  attention: AttentionSaved;
  attentionNorm: LayerNormSaved;
  middle: DeviceArray;
  /** Input (`pre`) and output of GELU, [T, F]. */
  pre: DeviceArray;
  gelu: DeviceArray;
  outputNorm: LayerNormSaved;
};

/**
 * One BERT layer, post-LayerNorm (Devlin et al., arXiv 1810.04805, §3; Vaswani et al., arXiv 1706.03762, fig. 1):
 * x [T, H] → y [T, H]. The middle of the layer is h = LN(x + dropout(attention(x)·Wᵀ + b)), its output
 * y = LN(h + dropout(GELU(h·W₁ᵀ + b₁)·W₂ᵀ + b₂)). `saved` holds x itself, not a copy.
 */
export function layerForward(
  x: DeviceArray,
  layer: number,
  context: EncoderContext,
): { y: DeviceArray; saved: LayerSaved } {
  const { engine, config, tokens } = context;
  const [rows = 0, hidden = 0] = x.shape;
  const inner = config.intermediateSize;
  const norm = (z: DeviceArray, module: LayerModuleName) =>
    layerNormForward(engine, {
      z,
      gamma: parameter(context.weights, layer, module, 'weight', [hidden]),
      beta: parameter(context.weights, layer, module, 'bias', [hidden]),
      epsilon: config.layerNormEpsilon,
    });
  const linear = (
    input: DeviceArray,
    module: LayerModuleName,
    shape: readonly [number, number],
    extra = {},
  ): DeviceArray => {
    const y = engine.pool.allocate([rows, shape[0]], x.dtype);
    const weight = productWeight(context, layer, module, shape);
    const bias = parameter(context.weights, layer, module, 'bias', [shape[0]]);
    matmul(engine, 'NT', input, weight, y, { bias, ...extra });
    return y;
  };
  const qkv = linear(x, 'query', [3 * hidden, hidden]); // [T, 3H]
  const attention = attentionForward(engine, {
    qkv,
    blocks: tokens.blocks,
    heads: config.heads,
    longest: tokens.packed.longest,
    dropout: layerDropoutPlace(context.dropout, layer, 0),
  });
  const attentionOutput = { residual: x, dropout: layerDropoutPlace(context.dropout, layer, 1) };
  const z1 = linear(attention.y, 'attentionOutput', [hidden, hidden], attentionOutput); // [T, H]
  const attentionNorm = norm(z1, 'attentionNorm');
  const middle = attentionNorm.y; // [T, H]
  const pre = engine.pool.allocate([rows, inner], x.dtype); // [T, F]
  const gelu = linear(middle, 'intermediate', [inner, hidden], { gelu: pre }); // [T, F]
  const z2 = linear(gelu, 'output', [hidden, inner], {
    residual: middle,
    dropout: layerDropoutPlace(context.dropout, layer, 2),
  }); // [T, H]
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

/** Writes the layer's gradients from dy [T, H]; returns dx [T, H] if `needX`. Frees dy and `saved`, x included. */
export function layerBackward(
  dy: DeviceArray,
  saved: LayerSaved,
  layer: number,
  context: EncoderContext,
  { table, accumulate }: GradientSink,
  needX: boolean,
): DeviceArray | undefined {
  const { engine, config } = context;
  const [, hidden = 0] = dy.shape;
  const inner = config.intermediateSize;
  const gradient = (
    module: LayerModuleName,
    part: 'weight' | 'bias',
    shape: readonly number[],
  ): DeviceArray | undefined =>
    table.has(layerParameterName(layer, module, part)) ? parameter(table, layer, module, part, shape) : undefined;
  const norm = (d: DeviceArray, module: 'attentionNorm' | 'outputNorm'): DeviceArray => {
    const [gamma, beta] = [gradient(module, 'weight', [hidden]), gradient(module, 'bias', [hidden])];
    return layerNormBackward(engine, d, saved[module], { gamma, beta }, accumulate);
  };
  const linear = (
    d: DeviceArray,
    input: DeviceArray,
    module: LayerModuleName,
    shape: readonly [number, number],
  ): void => {
    const weights = { weight: gradient(module, 'weight', shape), bias: gradient(module, 'bias', shape.slice(0, 1)) };
    linearGradients(engine, d, input, weights, accumulate);
  };
  const inputGradient = (
    d: DeviceArray,
    module: LayerModuleName,
    shape: readonly [number, number],
    extra = {},
  ): DeviceArray => {
    const dx = engine.pool.allocate([d.shape[0] ?? 0, shape[1]], d.dtype);
    matmul(engine, 'NN', d, productWeight(context, layer, module, shape), dx, extra);
    return dx;
  };
  const dropped = (d: DeviceArray, drop: 1 | 2): DeviceArray => {
    const where = layerDropoutPlace(context.dropout, layer, drop);
    return where ? dropoutApply(engine, d, where) : d;
  };
  const free = (...arrays: DeviceArray[]): void => arrays.forEach((array) => engine.pool.free(array));

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
  const dqkv = attentionBackward(engine, dAttention, saved.attention); // [T, 3H]
  free(dAttention, saved.attention.qkv, saved.attention.y, saved.attention.lse);
  linear(dqkv, saved.x, 'query', [3 * hidden, hidden]);
  const dx = needX ? inputGradient(dqkv, 'query', [3 * hidden, hidden], { residual: dz1 }) : undefined; // [T, H]
  free(dqkv, dz1, saved.x);
  return dx;
}

/**
 * Computes the gradients of y = x·Wᵀ + b: dW = dyᵀ·x and db = Σ_rows dy, in one pass over dy. If only the bias is
 * trained, no product is needed.
 */
function linearGradients(
  engine: Engine,
  dy: DeviceArray,
  x: DeviceArray,
  { weight, bias }: { weight: DeviceArray | undefined; bias: DeviceArray | undefined },
  accumulate: boolean,
): void {
  if (!weight) {
    if (bias) columnSums(engine, dy, bias, accumulate);
    return;
  }
  if (!bias || !accumulate)
    return matmul(engine, 'TN', dy, x, weight, { accumulate, ...(bias ? { aSums: bias } : {}) });
  const sums = engine.pool.allocate([1, 1, bias.shape[0] ?? 0]);
  matmul(engine, 'TN', dy, x, weight, { accumulate, aSums: sums });
  addColumnPartials(engine, sums, [bias], accumulate);
  engine.pool.free(sums);
}

/** Returns a view of a parameter. `query` with three times its rows also covers key and value. */
function parameter(
  table: SegmentTable,
  layer: number,
  module: LayerModuleName,
  part: 'weight' | 'bias',
  shape: readonly number[],
): DeviceArray {
  return table.view(layerParameterName(layer, module, part), shape);
}

/** Returns the weight that a product reads: in mixed precision, its half-precision copy. */
function productWeight(
  { weights, half }: EncoderContext,
  layer: number,
  module: LayerModuleName,
  shape: readonly [number, number],
): DeviceArray {
  return half ? half.view(layer, module, shape) : parameter(weights, layer, module, 'weight', shape);
}

/** Frees everything that a layer saved except its input. */
export function freeLayerActivations(
  engine: Engine,
  { attention, attentionNorm, outputNorm, middle, pre, gelu }: LayerSaved,
): void {
  const inner = [attention.qkv, attention.y, attention.lse, middle, pre, gelu];
  for (const norm of [attentionNorm, outputNorm]) inner.push(norm.z, norm.stats);
  for (const array of inner) engine.pool.free(array);
}
