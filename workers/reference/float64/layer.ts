import type { EncoderConfig } from '../../../src/domain/model';
import { layerParameterName, type LayerModuleName } from '../../engine/model/parameterNames';
import { weightsOfParameter, type TrainingStep } from '../trainingStep';
import { attentionBackward, attentionForward, type AttentionSaved, type TextRows } from './attention';
import { geluBackward, geluForward } from './gelu';
import { layerNormBackward, layerNormForward, type LayerNormSaved } from './layerNorm';
import { columnSums, matrixOf, sumOf, times, timesTransposed, transposedTimes, type Matrix } from './matrix';

export interface EncoderContext {
  step: Pick<TrainingStep, 'weights'> & { config: EncoderConfig };
  texts: TextRows;
}

export interface LayerSaved {
  x: Matrix;
  attention: AttentionSaved;
  mixed: Matrix;
  middle: Matrix;
  up: Matrix;
  gelu: Matrix;
  attentionNorm: LayerNormSaved;
  outputNorm: LayerNormSaved;
}

type Gradients = Map<string, Float64Array>;

/** Computes one BERT layer, with the LayerNorms after the residuals: x [T, H] → y [T, H]. */
export function layerForward(x: Matrix, layer: number, context: EncoderContext): { y: Matrix; saved: LayerSaved } {
  const { weights, config } = context.step;
  const part = (module: LayerModuleName, name: 'weight' | 'bias'): Float32Array =>
    weightsOfParameter({ weights }, layerParameterName(layer, module, name));
  const linear = (input: Matrix, module: LayerModuleName): Matrix => {
    const y = timesTransposed(input, matrixOf(part(module, 'weight'), input.columns)); // [T, out]
    const bias = part(module, 'bias');
    return { ...y, values: y.values.map((value, i) => value + (bias[i % y.columns] ?? NaN)) };
  };
  const norm = (input: Matrix, module: LayerModuleName) =>
    layerNormForward(input, part(module, 'weight'), part(module, 'bias'), config.layerNormEpsilon);
  const inputs = { q: linear(x, 'query'), k: linear(x, 'key'), v: linear(x, 'value') }; // [T, H] each
  const attention = attentionForward(inputs, context.texts, config.heads);
  const attentionNorm = norm(sumOf(linear(attention.y, 'attentionOutput'), x), 'attentionNorm'); // [T, H]
  const middle = attentionNorm.y;
  const up = linear(middle, 'intermediate'); // [T, F]
  const gelu = geluForward(up); // [T, F]
  const outputNorm = norm(sumOf(linear(gelu, 'output'), middle), 'outputNorm'); // [T, H]
  const saved = {
    ...{ x, attention: attention.saved, mixed: attention.y, middle, up, gelu },
    ...{ attentionNorm: attentionNorm.saved, outputNorm: outputNorm.saved },
  };
  return { y: outputNorm.y, saved };
}

/** Returns dx [T, H] and adds the layer's gradients to `gradients`. */
export function layerBackward(
  dy: Matrix,
  saved: LayerSaved,
  layer: number,
  context: EncoderContext,
  gradients: Gradients,
): Matrix {
  const { weights, config } = context.step;
  const name = (module: LayerModuleName, part: 'weight' | 'bias'): string => layerParameterName(layer, module, part);
  /** Computes the backward pass of y = x·Wᵀ + b: returns dx, and stores dW = dyᵀ·x and db = Σ_rows dy. */
  const linear = (d: Matrix, x: Matrix, module: LayerModuleName): Matrix => {
    gradients.set(name(module, 'weight'), transposedTimes(d, x).values); // [out, in]
    gradients.set(name(module, 'bias'), columnSums(d));
    return times(d, matrixOf(weightsOfParameter({ weights }, name(module, 'weight')), x.columns)); // [T, in]
  };
  const norm = (d: Matrix, module: 'attentionNorm' | 'outputNorm'): Matrix => {
    const result = layerNormBackward(d, weightsOfParameter({ weights }, name(module, 'weight')), saved[module]);
    gradients.set(name(module, 'weight'), result.gamma);
    gradients.set(name(module, 'bias'), result.beta);
    return result.x;
  };
  const outer = norm(dy, 'outputNorm'); // [T, H]
  const dUp = geluBackward(linear(outer, saved.gelu, 'output'), saved.up); // [T, F]
  const dMiddle = sumOf(linear(dUp, saved.middle, 'intermediate'), outer); // [T, H]
  const inner = norm(dMiddle, 'attentionNorm'); // [T, H]
  const dMixed = linear(inner, saved.mixed, 'attentionOutput'); // [T, H]
  const { q, k, v } = attentionBackward(dMixed, saved.attention, context.texts, config.heads); // [T, H] each
  return sumOf(inner, linear(q, saved.x, 'query'), linear(k, saved.x, 'key'), linear(v, saved.x, 'value'));
}
