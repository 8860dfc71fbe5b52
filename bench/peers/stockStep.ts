/**
 * A BERT training step as a skilled user of stock tfjs would write it: padded batches, tf.variableGrads, tf.train.adam
 * and no custom operations. Do not change it: the engine's speed is measured against it.
 */
import * as tf from '@tensorflow/tfjs';

export interface StockConfig {
  layers: number;
  hiddenSize: number;
  heads: number;
  intermediateSize: number;
  vocabularySize: number;
  maxPositions: number;
}

type Weights = Record<string, tf.Variable>;

export class StockTrainer {
  readonly #weights: Weights = {};
  readonly #adam = tf.train.adam(1e-4);
  readonly #config: StockConfig;

  constructor(config: StockConfig) {
    this.#config = config;
    const { layers, hiddenSize: h, intermediateSize: f } = config;
    const normal = (name: string, shape: number[]): void => {
      this.#weights[name] = tf.variable(tf.randomNormal(shape, 0, 0.02), true, name);
    };
    const constant = (name: string, size: number, value: number): void => {
      this.#weights[name] = tf.variable(tf.fill([size], value), true, name);
    };
    normal('words', [config.vocabularySize, h]);
    normal('positions', [config.maxPositions, h]);
    normal('types', [2, h]);
    constant('norm.g', h, 1);
    constant('norm.b', h, 0);
    for (let layer = 0; layer < layers; layer++) {
      for (const [name, inner, outer] of [['q', h, h], ['k', h, h], ['v', h, h], ['o', h, h], ['up', h, f], ['down', f, h]] as const) {
        normal(`${layer}.${name}.w`, [inner, outer]);
        constant(`${layer}.${name}.b`, outer, 0);
      } // prettier-ignore
      for (const norm of ['norm1', 'norm2']) {
        constant(`${layer}.${norm}.g`, h, 1);
        constant(`${layer}.${norm}.b`, h, 0);
      }
    }
  }

  /** One step on padded texts, ids [B, S] and mask [B, S] of each side; resolves with the loss. */
  async step(anchors: Padded, positives: Padded): Promise<number> {
    const { value, grads } = tf.variableGrads(() => {
      const [a, p] = [this.#encode(anchors), this.#encode(positives)];
      const logits = tf.div(tf.matMul(a, p, false, true), 0.05);
      const labels = tf.oneHot(tf.range(0, a.shape[0] ?? 0, 1, 'int32'), a.shape[0] ?? 0);
      return tf.losses.softmaxCrossEntropy(labels, logits).asScalar();
    });
    this.#adam.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
    const [loss = NaN] = await value.data();
    // The updates are not done when the loss is: wait for the last of them.
    await this.#weights['norm.b']?.data();
    tf.dispose([value, grads]);
    return loss;
  }

  dispose(): void {
    tf.dispose(this.#weights);
    this.#adam.dispose();
  }

  #get(name: string): tf.Tensor {
    const found = this.#weights[name];
    if (!found) throw new Error(name);
    return found;
  }

  #encode({ ids, mask, texts, length }: Padded): tf.Tensor2D {
    const { layers, hiddenSize: h, heads } = this.#config;
    const d = h / heads;
    const maskTensor = tf.tensor2d(mask, [texts, length]);
    const bias = tf.mul(tf.sub(1, maskTensor.reshape([texts, 1, 1, length])), -1e9);
    const words = lookup(this.#get('words') as tf.Tensor2D, ids).reshape([texts, length, h]);
    const positions = tf.slice(this.#get('positions'), [0, 0], [length, h]);
    const type = tf.slice(this.#get('types'), [0, 0], [1, h]);
    let x = this.#norm(tf.add(tf.add(words, positions), type).reshape([texts * length, h]), 'norm');
    for (let layer = 0; layer < layers; layer++) {
      const split = (name: string): tf.Tensor =>
        tf.transpose(this.#dense(x, `${layer}.${name}`).reshape([texts, length, heads, d]), [0, 2, 1, 3]);
      const scores = tf.add(tf.mul(tf.matMul(split('q'), split('k'), false, true), 1 / Math.sqrt(d)), bias);
      const mixed = tf.transpose(tf.matMul(tf.softmax(scores), split('v')), [0, 2, 1, 3]).reshape([texts * length, h]);
      x = this.#norm(tf.add(x, this.#dense(mixed, `${layer}.o`)), `${layer}.norm1`);
      const up = this.#dense(x, `${layer}.up`);
      const gelu = tf.mul(up, tf.mul(0.5, tf.add(1, tf.erf(tf.mul(up, Math.SQRT1_2)))));
      x = this.#norm(tf.add(x, this.#dense(gelu, `${layer}.down`)), `${layer}.norm2`);
    }
    const weights = tf.div(maskTensor, tf.sum(maskTensor, 1, true)).reshape([texts, length, 1]);
    const pooled = tf.sum(tf.mul(x.reshape([texts, length, h]), weights), 1);
    return tf.div(pooled, tf.norm(pooled, 2, 1, true));
  }

  #dense(x: tf.Tensor, name: string): tf.Tensor {
    return tf.add(tf.matMul(x as tf.Tensor2D, this.#get(`${name}.w`) as tf.Tensor2D), this.#get(`${name}.b`));
  }

  #norm(x: tf.Tensor, name: string): tf.Tensor {
    const { mean, variance } = tf.moments(x, -1, true);
    const normal = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-12)));
    return tf.add(tf.mul(normal, this.#get(`${name}.g`)), this.#get(`${name}.b`));
  }
}

export interface Padded {
  ids: Int32Array;
  mask: Float32Array;
  texts: number;
  length: number;
}

/** tf.gather; where the backend lacks the kernel of its gradient (wasm), that gradient is summed on the host. */
function lookup(table: tf.Tensor2D, ids: Int32Array): tf.Tensor {
  if (tf.getBackend() !== 'wasm') return tf.gather(table, tf.tensor1d(ids, 'int32'));
  const [rows, width] = table.shape;
  const gathered = tf.customGrad((given: tf.Tensor | tf.GradSaveFunc) => ({
    value: tf.gather(given as tf.Tensor2D, tf.tensor1d(ids, 'int32')),
    gradFunc: (dy: tf.Tensor) => {
      const values = dy.dataSync();
      const sum = new Float32Array(rows * width);
      ids.forEach((id, row) => {
        for (let i = 0; i < width; i++) sum[id * width + i]! += values[row * width + i]!;
      });
      return tf.tensor2d(sum, [rows, width]);
    },
  }));
  return gathered(table);
}
