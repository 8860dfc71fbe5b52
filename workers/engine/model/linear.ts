import type { DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import { addColumnPartials, columnSums } from '../ops/columnSums/columnSums';
import { matmul, type MatmulOptions } from '../ops/matmul/matmul';
import type { EncoderContext } from './encoderContext';
import type { GradientSink } from './gradientSink';
import { adapterGradients, addAdapterInputGradients, addAdapters, type AdapterGradient } from './lora';
import { layerParameterName, type LayerModuleName } from './parameterNames';

/** Shape [out, in] of a linear module's weight. */
type WeightShape = readonly [number, number];

/**
 * Computes y = x·Wᵀ + b with a linear module of a layer, plus the output of its adapter if it has one, then applies the
 * epilogue in `options`. A product of `query` also covers key and value: its shape has three times the rows.
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
  const common = { bias, matrices: context.half?.matrices, ...options };
  if (!options.gelu || !context.adapters?.has(layer, module)) {
    matmul(engine, 'NT', x, weight, y, common);
    // Residual and mask are linear, so the adapter's output can be added afterwards with the same mask.
    addAdapters(context, layer, module, x, y, options);
    return y;
  }
  // GELU applies to the sum of both outputs, so the adapter's output is computed first.
  const adapted = engine.pool.allocate(y.shape, y.dtype); // [T, out]
  addAdapters(context, layer, module, x, adapted, { accumulate: false });
  matmul(engine, 'NT', x, weight, y, { ...common, residual: adapted });
  engine.pool.free(adapted);
  return y;
}

/**
 * Computes dx = dy·W plus the adapters' part, then applies the epilogue in `options`. Frees the gradients `adapters`,
 * which `linearParameterGradients` returned.
 */
export function linearInputGradient(
  context: EncoderContext,
  layer: number,
  module: LayerModuleName,
  dy: DeviceArray,
  shape: WeightShape,
  adapters: readonly AdapterGradient[],
  options: Pick<MatmulOptions, 'residual' | 'geluGradient'> = {},
): DeviceArray {
  const dx = context.engine.pool.allocate([dy.shape[0] ?? 0, shape[1]], dy.dtype);
  matmul(context.engine, 'NN', dy, productWeight(context, layer, module, shape), dx, {
    matrices: context.half?.matrices,
    ...options,
  });
  addAdapterInputGradients(context.engine, adapters, dx, options);
  return dx;
}

/**
 * Writes the gradients of a linear module's weight and bias, if they are trained, and of its adapters. Returns the
 * adapters' part of the gradient of x, to be passed to `linearInputGradient` or freed.
 */
export function linearParameterGradients(
  context: EncoderContext,
  gradients: GradientSink,
  layer: number,
  module: LayerModuleName,
  dy: DeviceArray,
  x: DeviceArray,
  shape: WeightShape,
): AdapterGradient[] {
  const { table, accumulate } = gradients;
  const [weightName, biasName] = [
    layerParameterName(layer, module, 'weight'),
    layerParameterName(layer, module, 'bias'),
  ];
  const weight = table.has(weightName) ? table.view(weightName, shape) : undefined;
  const bias = table.has(biasName) ? table.view(biasName, [shape[0]]) : undefined;
  writeGradients(table.engine, dy, x, { weight, bias }, { accumulate, matrices: context.half?.matrices });
  return adapterGradients(context, gradients, layer, module, dy, x);
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
