import type { DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import { addColumnPartials, columnSums } from '../ops/columnSums/columnSums';
import { matmul, type MatmulOptions } from '../ops/matmul/matmul';
import type { EncoderContext } from './encoderContext';
import type { GradientSink } from './gradientSink';
import { layerParameterName, type LayerModuleName } from './parameterNames';

/** Shape [out, in] of a linear module's weight. */
type WeightShape = readonly [number, number];

/**
 * Computes y = x·Wᵀ + b with a linear module of a layer, then applies the epilogue in `options`. If the shape has three
 * times the rows of `query`, the product also covers key and value.
 */
export function linearForward(
  context: EncoderContext,
  layer: number,
  module: LayerModuleName,
  x: DeviceArray,
  shape: WeightShape,
  options: MatmulOptions = {},
): DeviceArray {
  const { engine, weights } = context;
  const y = engine.pool.allocate([x.shape[0] ?? 0, shape[0]], x.dtype);
  const weight = productWeight(context, layer, module, shape);
  const bias = weights.view(layerParameterName(layer, module, 'bias'), [shape[0]]);
  matmul(engine, 'NT', x, weight, y, { bias, matrices: context.half?.matrices, ...options });
  return y;
}

/** Computes dx = dy·W, then applies the epilogue in `options`. */
export function linearInputGradient(
  context: EncoderContext,
  layer: number,
  module: LayerModuleName,
  dy: DeviceArray,
  shape: WeightShape,
  options: MatmulOptions = {},
): DeviceArray {
  const dx = context.engine.pool.allocate([dy.shape[0] ?? 0, shape[1]], dy.dtype);
  matmul(context.engine, 'NN', dy, productWeight(context, layer, module, shape), dx, {
    matrices: context.half?.matrices,
    ...options,
  });
  return dx;
}

/** Writes the gradients of a linear module's weight and bias, if they are trained. */
export function linearParameterGradients(
  { half }: Pick<EncoderContext, 'half'>,
  { table, accumulate }: GradientSink,
  layer: number,
  module: LayerModuleName,
  dy: DeviceArray,
  x: DeviceArray,
  shape: WeightShape,
): void {
  const [weightName, biasName] = [
    layerParameterName(layer, module, 'weight'),
    layerParameterName(layer, module, 'bias'),
  ];
  const weight = table.has(weightName) ? table.view(weightName, shape) : undefined;
  const bias = table.has(biasName) ? table.view(biasName, [shape[0]]) : undefined;
  writeGradients(table.engine, dy, x, { weight, bias }, { accumulate, matrices: half?.matrices });
}

/**
 * Computes the gradients of y = x·Wᵀ + b: dW = dyᵀ·x and db = Σ_rows dy, in one pass over dy. If only the bias is
 * trained, computes no product.
 */
function writeGradients(
  engine: Engine,
  dy: DeviceArray,
  x: DeviceArray,
  { weight, bias }: { weight: DeviceArray | undefined; bias: DeviceArray | undefined },
  options: Pick<MatmulOptions, 'accumulate' | 'matrices'> & { accumulate: boolean },
): void {
  const { accumulate } = options;
  if (!weight) {
    if (bias) columnSums(engine, dy, bias, accumulate);
    return;
  }
  if (!bias || !accumulate)
    return matmul(engine, 'TN', dy, x, weight, { ...options, ...(bias ? { aSums: bias } : {}) });
  const sums = engine.pool.allocate([1, 1, bias.shape[0] ?? 0]);
  matmul(engine, 'TN', dy, x, weight, { ...options, aSums: sums });
  addColumnPartials(engine, sums, [bias], accumulate);
  engine.pool.free(sums);
}

/** Returns the weight that a product reads: in mixed precision, its half-precision copy. */
function productWeight(
  { weights, half }: EncoderContext,
  layer: number,
  module: LayerModuleName,
  shape: WeightShape,
): DeviceArray {
  return half ? half.view(layer, module, shape) : weights.view(layerParameterName(layer, module, 'weight'), shape);
}
