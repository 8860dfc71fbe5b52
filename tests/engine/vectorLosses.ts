import type { Engine } from '../../workers/engine/engine';
import { freeTargets, uploadTargets, type Loss, type LossTargets } from '../../workers/engine/losses/loss';
import { angle } from '../../workers/losses/angle';
import { cosineMse } from '../../workers/losses/cosineMse';
import { distillation } from '../../workers/losses/distillation';
import { sigmoidPairs } from '../../workers/losses/sigmoidPairs';
import { triplet } from '../../workers/losses/triplet';
import type { VectorLoss } from '../../workers/losses/vectorLoss';
import { seededRandom } from './random';

export interface LossCase {
  name: string;
  loss: VectorLoss;
  /** Explicit negatives per anchor. */
  negatives: number;
}

/** The losses that tfjs computes, with the options of the golden values. */
export const lossCases: readonly LossCase[] = [
  { name: 'sigmoidPairs', loss: sigmoidPairs({ temperature: 0.05 }), negatives: 0 },
  { name: 'angle', loss: angle({ temperature: 0.05 }), negatives: 0 },
  { name: 'cosineMse', loss: cosineMse(), negatives: 0 },
  { name: 'triplet', loss: triplet({ distance: 'cosine', margin: 0.8 }), negatives: 3 },
  { name: 'tripletEuclidean', loss: triplet({ distance: 'euclidean', margin: 0.8 }), negatives: 3 },
  {
    name: 'distillation',
    loss: distillation({ studentTemperature: 0.05, teacherTemperature: 2 }),
    negatives: 3,
  },
];

export interface LossBatch {
  width: number;
  anchors: Float32Array<ArrayBuffer>; // [B, E]
  candidates: Float32Array<ArrayBuffer>; // [C, E]
  targets: LossTargets;
}

/** Draws unit vectors and the targets of every loss. */
export function drawBatch(anchors: number, width: number, negatives: number): LossBatch {
  const random = seededRandom(7 + anchors + width);
  const draw = (rows: number): Float32Array<ArrayBuffer> => {
    const values = Float32Array.from({ length: rows * width }, () => 2 * random() - 1);
    for (let row = 0; row < rows; row++) {
      const one = values.subarray(row * width, (row + 1) * width);
      const length = Math.hypot(...one);
      one.forEach((x, i) => (one[i] = x / length));
    }
    return values;
  };
  const numbers = (count: number): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length: count }, () => Math.round(8 * random()) / 8);
  return {
    width,
    anchors: draw(anchors),
    candidates: draw(anchors * (1 + negatives)),
    targets: {
      scores: numbers(anchors),
      teacherScores: { values: numbers(anchors * (1 + negatives)), shape: [anchors, 1 + negatives] },
    },
  };
}

export interface LossResult {
  numbers: Float32Array;
  anchors: Float32Array;
  candidates: Float32Array;
}

/** Uploads a batch once and returns a function that runs a step's loss on it; `free` frees the batch. */
export function stepOf(engine: Engine, loss: Loss, { width, anchors, candidates, targets }: LossBatch) {
  const { pool, commands } = engine;
  const vectors = {
    anchors: commands.upload(anchors, [anchors.length / width, width]),
    candidates: commands.upload(candidates, [candidates.length / width, width]),
  };
  const uploaded = uploadTargets(engine, targets);
  const numbers = pool.allocate([loss.numbers.length]);
  return {
    /** Runs the loss and leaves its results on the device. */
    run(gradientScale = 1): void {
      const d = loss.run(engine, vectors, uploaded, gradientScale, numbers);
      for (const array of [d.anchors, d.candidates]) pool.free(array);
    },
    async read(gradientScale = 1): Promise<LossResult> {
      const d = loss.run(engine, vectors, uploaded, gradientScale, numbers);
      const results = { numbers, ...d };
      const read = { numbers: commands.read(results.numbers), anchors: commands.read(d.anchors) };
      const last = await commands.read(d.candidates);
      const result = { numbers: await read.numbers, anchors: await read.anchors, candidates: last };
      for (const array of [d.anchors, d.candidates]) pool.free(array);
      return result;
    },
    free(): void {
      freeTargets(engine, uploaded);
      for (const array of [vectors.anchors, vectors.candidates, numbers]) pool.free(array);
    },
  };
}
