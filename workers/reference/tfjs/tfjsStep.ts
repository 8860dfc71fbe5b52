import * as tf from '@tensorflow/tfjs-core';
import { embeddingParameterNames, layerParameterName, type LayerModuleName } from '../../engine/model/parameterNames';
import { parameterShapes } from '../../engine/model/parameterShapes';
import { weightsOfParameter, type LossAndGradients, type TrainingStep } from '../trainingStep';
import { registerGradients } from './gradients';

interface PaddedTexts {
  ids: tf.Tensor1D; // [B · S]
  positions: tf.Tensor1D; // [B · S]
  /** Added to the attention scores, [B, 1, 1, S]: 0 for a token and −1e9 for padding. */
  bias: tf.Tensor;
  /** Weights of the mean over tokens: [B, S, 1]. */
  weights: tf.Tensor;
  texts: number;
  length: number;
}

/**
 * A training step as a user of stock tfjs would write it: padded batches, stock operations and `tf.variableGrads`. Runs
 * on the current backend. Shares nothing with the engine except the parameter names.
 */
export class TfjsStep {
  readonly #variables = new Map<string, tf.Variable>();
  readonly #anchors: PaddedTexts;
  readonly #positives: PaddedTexts;
  readonly #labels: tf.Tensor2D; // [B, B]
  #gradients: tf.NamedTensorMap = {};

  constructor(private readonly step: TrainingStep) {
    registerGradients();
    for (const { name, shape } of parameterShapes(step.config)) {
      const values = weightsOfParameter(step, name);
      const [out = 0, width = 0] = shape;
      const tensor = isLinear(name)
        ? tf.tensor(transposed(values, out, width), [width, out])
        : tf.tensor(values, shape);
      this.#variables.set(name, tf.variable(tensor, true));
      tensor.dispose();
    }
    this.#anchors = padded(step.anchors);
    this.#positives = padded(step.positives);
    this.#labels = tf.eye(step.anchors.length);
  }

  /** Computes the loss and all gradients. GPU→CPU sync: the loss arrives once everything before it is done. */
  async run(): Promise<number> {
    tf.dispose(this.#gradients);
    const { value, grads } = tf.variableGrads(() => this.#loss(), [...this.#variables.values()]);
    this.#gradients = grads;
    const [loss = NaN] = await value.data<'float32'>();
    value.dispose();
    return loss;
  }

  /** Reads the gradients of the last `run`. GPU→CPU sync. */
  async gradients(): Promise<LossAndGradients['gradients']> {
    const read = new Map<string, Float32Array>();
    for (const [name, { name: key, shape }] of this.#variables) {
      const tensor = this.#gradients[key];
      if (!tensor) throw new Error(`tfjs returned no gradient for ${name}`);
      const values = (await tensor.data<'float32'>()).slice();
      const [width = 0, out = 0] = shape;
      read.set(name, isLinear(name) ? transposed(values, width, out) : values);
    }
    return read;
  }

  dispose(): void {
    tf.dispose([this.#gradients, [...this.#variables.values()], this.#labels]);
    for (const { ids, positions, bias, weights } of [this.#anchors, this.#positives])
      tf.dispose([ids, positions, bias, weights]);
  }

  #loss(): tf.Scalar {
    const [a, c] = [this.#encode(this.#anchors), this.#encode(this.#positives)]; // [B, H] each
    const logits = tf.div(tf.matMul(a, c, false, true), this.step.temperature); // [B, B]
    return tf.reshape(tf.losses.softmaxCrossEntropy(this.#labels, logits), []);
  }

  #variable(name: string): tf.Tensor2D {
    const found = this.#variables.get(name);
    if (!found) throw new RangeError(`no weights named ${name}`);
    return found as tf.Tensor as tf.Tensor2D;
  }

  /** Returns the texts' unit vectors, [B, H]. */
  #encode(text: PaddedTexts): tf.Tensor2D {
    const { layers, hiddenSize } = this.step.config;
    const { words, positions, types, gamma, beta } = embeddingParameterNames;
    const type = tf.slice(this.#variable(types), [0, 0], [1, hiddenSize]); // [1, H]
    const sum = tf.add(
      tf.add(tf.gather(this.#variable(words), text.ids), tf.gather(this.#variable(positions), text.positions)),
      type,
    );
    let hidden = this.#norm(sum, gamma, beta); // [B · S, H]
    for (let layer = 0; layer < layers; layer++) hidden = this.#layer(hidden, layer, text);
    const rows = tf.reshape(hidden, [text.texts, text.length, hiddenSize]);
    const mean = tf.sum(tf.mul(rows, text.weights), 1); // [B, H]
    return tf.div(mean, tf.sqrt(tf.sum(tf.square(mean), 1, true)));
  }

  #layer(x: tf.Tensor2D, layer: number, { texts, length, bias }: PaddedTexts): tf.Tensor2D {
    const { heads, hiddenSize } = this.step.config;
    const width = hiddenSize / heads;
    const linear = (input: tf.Tensor2D, module: LayerModuleName): tf.Tensor2D =>
      tf.add(
        tf.matMul(input, this.#variable(layerParameterName(layer, module, 'weight'))),
        this.#variable(layerParameterName(layer, module, 'bias')),
      );
    const norm = (input: tf.Tensor, module: LayerModuleName): tf.Tensor2D =>
      this.#norm(input, layerParameterName(layer, module, 'weight'), layerParameterName(layer, module, 'bias'));
    const split = (module: LayerModuleName): tf.Tensor =>
      tf.transpose(tf.reshape(linear(x, module), [texts, length, heads, width]), [0, 2, 1, 3]); // [B, A, S, D]
    const scores = tf.mul(tf.matMul(split('query'), split('key'), false, true), 1 / Math.sqrt(width));
    const mixed = tf.matMul(tf.softmax(tf.add(scores, bias)), split('value')); // [B, A, S, D]
    const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [texts * length, hiddenSize]);
    const middle = norm(tf.add(x, linear(joined as tf.Tensor2D, 'attentionOutput')), 'attentionNorm');
    const up = linear(middle, 'intermediate'); // [B · S, F]
    const gelu = tf.mul(up, tf.mul(0.5, tf.add(1, tf.erf(tf.mul(up, Math.SQRT1_2)))));
    return norm(tf.add(middle, linear(gelu as tf.Tensor2D, 'output')), 'outputNorm');
  }

  #norm(x: tf.Tensor, gamma: string, beta: string): tf.Tensor2D {
    const centred = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centred), -1, true);
    const normalized = tf.mul(centred, tf.rsqrt(tf.add(variance, this.step.config.layerNormEpsilon)));
    return tf.add(tf.mul(normalized, this.#variable(gamma)), this.#variable(beta));
  }
}

/** Whether the parameter is the matrix of a linear layer, which tfjs multiplies as [in, out]. */
function isLinear(name: string): boolean {
  return name.startsWith('encoder.') && name.endsWith('weight') && !name.includes('LayerNorm');
}

/** Returns the transpose of a matrix [rows, columns]. */
function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  return values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)] ?? NaN);
}

function padded(texts: readonly (readonly number[])[]): PaddedTexts {
  const length = Math.max(...texts.map((text) => text.length));
  const of = (value: (text: readonly number[], at: number) => number): Float32Array =>
    Float32Array.from(texts.flatMap((text) => Array.from({ length }, (_, at) => value(text, at))));
  return {
    ids: tf.tensor1d(Int32Array.from(of((text, at) => text[at] ?? 0)), 'int32'),
    positions: tf.tensor1d(Int32Array.from(of((_, at) => at)), 'int32'),
    bias: tf.tensor(
      of((text, at) => (at < text.length ? 0 : -1e9)),
      [texts.length, 1, 1, length],
    ),
    weights: tf.tensor(
      of((text, at) => (at < text.length ? 1 / text.length : 0)),
      [texts.length, length, 1],
    ),
    texts: texts.length,
    length,
  };
}
