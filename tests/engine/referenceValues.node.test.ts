import { quadsFor } from '../../workers/engine/quads';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { readTensor } from '../reference/engine/readTensor';
import { infoNceForward } from '../reference/engine/losses/infoNce';
import { parameterShapes } from '../../workers/engine/model/parameterShapes';
import { hasWeightDecay } from '../../workers/engine/optimizer/weightDecay';
import { packTokens } from '../../workers/engine/model/packedTokens';
import { joinTokenBatches } from '../../workers/engine/model/tokenBatch';
import { dropoutMask } from '../reference/engine/ops/dropout';
import { embeddingBackward, embeddingForward } from '../reference/engine/ops/embedding';
import { planSegmentSum, segmentSum } from '../reference/engine/ops/segmentSum';
import { adamWUpdate, type AdamWTensors } from '../reference/engine/optimizer/adamW';
import { clipFactor } from '../reference/engine/optimizer/clipping';
import { sumOfSquares } from '../reference/engine/optimizer/sumOfSquares';
import { golden } from './golden';
import { randomDraws } from './random';
import { tokenBatch } from './tokenBatch';
import { openTfjsReference } from './tfjsReference';
import { distance, maxDifference, norm } from './differences';
import { expectNoLeak } from './expectNoLeak';

beforeAll(openTfjsReference);

const { between, draw: numbers } = randomDraws(5);
const at = (values: ArrayLike<number>, index: number): number => values[index] ?? NaN;

describe('the reference operations', () => {
  it.each([1, 2, 3])('sum segments as a naive loop does, with the same bits each time, round %i', async () => {
    await expectNoLeak(async () => {
      const [rows, segments, width] = [between(1, 60), between(1, 20), between(1, 5)];
      const of = Int32Array.from({ length: rows }, () => Math.min(between(0, segments - 1), between(0, segments - 1)));
      const x = numbers(rows * width);
      const expected = new Float64Array(segments * width);
      of.forEach((segment, row) => {
        for (let i = 0; i < width; i++)
          expected[segment * width + i] = at(expected, segment * width + i) + at(x, row * width + i);
      });
      const sums = tf.tidy(() => {
        const given = tf.tensor2d(x, [rows, width]);
        return [1, 2].map(() => segmentSum(given, planSegmentSum(of, segments)));
      });
      const [first = [], second = []] = await Promise.all(sums.map(readTensor));
      expect(maxDifference(first, expected)).toBeLessThan(1e-5);
      expect(second).toEqual(first);
      tf.dispose(sums);
    });
  });

  it('sum the gradients of each embedding row and leave those of unused rows at zero', async () => {
    await expectNoLeak(async () => {
      const { config } = golden;
      const width = 4;
      const tokens = packTokens(
        tokenBatch([
          [1, 7, 7, 2],
          [1, 9, 2],
        ]),
        config,
        quadsFor,
      );
      const tables = {
        words: tf.tensor2d(numbers(61 * width), [61, width]),
        positions: tf.tensor2d(numbers(24 * width), [24, width]),
        types: tf.tensor2d(numbers(2 * width), [2, width]),
      };
      const y = embeddingForward(tables, tokens);
      const [words, positions, types, out] = await Promise.all(
        [tables.words, tables.positions, tables.types, y].map(readTensor),
      );
      const third = [0, 1, 2, 3].map(
        (i) => at(words ?? [], 7 * width + i) + at(positions ?? [], 2 * width + i) + at(types ?? [], i),
      );
      expect(maxDifference(third, (out ?? new Float32Array()).subarray(2 * width, 3 * width))).toBeLessThan(1e-6);
      const dy = tf.tidy(() =>
        tf.mul(
          tf.ones(y.shape),
          tf.tensor2d(
            Float32Array.from({ length: tokens.rows }, (_, row) => (row < tokens.tokens ? row + 1 : 0)),
            [tokens.rows, 1],
          ),
        ),
      );
      const gradients = embeddingBackward(dy, { words: 61, positions: 24, types: 2 }, tokens, {
        words: true,
        positions: true,
        types: true,
      });
      const column = async (tensor: tf.Tensor | undefined): Promise<number[]> =>
        tensor ? [...(await readTensor(tensor))].filter((_, i) => i % width === 0) : [];
      const sparse = (entries: Record<number, number>, length: number): number[] =>
        Array.from({ length }, (_, i) => entries[i] ?? 0);
      expect(await column(gradients.words)).toEqual(sparse({ 1: 1 + 5, 2: 4 + 7, 7: 2 + 3, 9: 6 }, 61));
      expect(await column(gradients.positions)).toEqual(sparse({ 0: 1 + 5, 1: 2 + 6, 2: 3 + 7, 3: 4 }, 24));
      expect(await column(gradients.types)).toEqual([28, 0]);
      tf.dispose([tables, y, dy, gradients]);
    });
  });

  it.each([true, false])('apply four AdamW steps as a naive loop does, weight decay: %s', async (decayed) => {
    await expectNoLeak(async () => {
      const length = 20;
      const options = {
        beta1: 0.9,
        beta2: 0.99,
        epsilon: 1e-6,
        weightDecay: 0.1,
        learningRate: 0.01,
        gradientScale: 0.5,
        decayed,
      };
      let state: AdamWTensors = {
        parameter: tf.tensor1d(numbers(length)),
        m: tf.zeros([length]),
        v: tf.zeros([length]),
      };
      const [theta, m, v] = [
        Float64Array.from(await readTensor(state.parameter)),
        new Float64Array(length),
        new Float64Array(length),
      ];
      for (let step = 1; step <= 4; step++) {
        const g = numbers(length);
        const gradient = tf.tensor1d(g);
        const next = adamWUpdate(state, gradient, { ...options, step });
        tf.dispose([state, gradient]);
        state = next;
        for (let i = 0; i < length; i++) {
          const clipped = at(g, i) * options.gradientScale;
          if (decayed) theta[i] = at(theta, i) * (1 - options.learningRate * options.weightDecay);
          m[i] = options.beta1 * at(m, i) + (1 - options.beta1) * clipped;
          v[i] = options.beta2 * at(v, i) + (1 - options.beta2) * clipped ** 2;
          const corrected = at(m, i) / (1 - options.beta1 ** step);
          theta[i] =
            at(theta, i) -
            (options.learningRate * corrected) / (Math.sqrt(at(v, i) / (1 - options.beta2 ** step)) + options.epsilon);
        }
      }
      expect(maxDifference(await readTensor(state.parameter), theta)).toBeLessThan(1e-6);
      expect(maxDifference(await readTensor(state.v), v)).toBeLessThan(1e-7);
      tf.dispose(state);
    });
  });

  it('match an InfoNCE loss, accuracy and mean scores worked out by hand', async () => {
    await expectNoLeak(async () => {
      const cosines = [
        [0.9, 0.1, 0.2],
        [0.8, 0.3, 0.1],
        [0.1, 0.2, 0.7],
      ];
      const temperature = 0.1;
      // Positives point along the axes, so an anchor's coordinates are its cosines. Its fourth coordinate makes it a
      // unit vector.
      const anchors = cosines.map((row) => [...row, Math.sqrt(1 - row.reduce((sum, x) => sum + x * x, 0))]);
      const positives = [0, 1, 2].map((i) => [0, 1, 2, 3].map((j) => (i === j ? 2 : 0)));
      const [a, p] = [tf.tensor2d(anchors), tf.tensor2d(positives)];
      const { saved, loss, accuracy, positiveScore, negativeScore } = infoNceForward(a, p, {
        temperature,
        directions: 'queryToPassage',
      });
      const rows = cosines.map(
        (row, i) => Math.log(row.reduce((sum, x) => sum + Math.exp(x / temperature), 0)) - at(row, i) / temperature,
      );
      const read = async (tensor: tf.Tensor): Promise<number> => at(await readTensor(tensor), 0);
      expect(await read(loss)).toBeCloseTo(rows.reduce((sum, x) => sum + x, 0) / 3, 5);
      expect(await read(accuracy)).toBeCloseTo(2 / 3, 6);
      expect(await read(positiveScore)).toBeCloseTo((0.9 + 0.3 + 0.7) / 3, 6);
      expect(await read(negativeScore)).toBeCloseTo((0.1 + 0.2 + 0.8 + 0.1 + 0.1 + 0.2) / 6, 6);
      tf.dispose([
        a,
        p,
        loss,
        accuracy,
        positiveScore,
        negativeScore,
        saved.anchors,
        saved.candidates,
        saved.probabilities,
      ]);
    });
  });

  it("sum the squares of a gradient and clip as PyTorch's clip_grad_norm_ does", async () => {
    await expectNoLeak(async () => {
      const values = numbers(300);
      const tensor = tf.tensor2d(values, [30, 10]);
      const squares = sumOfSquares(tensor);
      expect(at(await readTensor(squares), 0)).toBeCloseTo(norm(values) ** 2, 4);
      tf.dispose([tensor, squares]);
    });
    expect(clipFactor(4, 1)).toBeCloseTo(1 / (4 + 1e-6), 12);
    expect(clipFactor(0.5, 1)).toBe(1);
    expect(clipFactor(100, 0)).toBe(1);
  });
});

describe('the reference dropout', () => {
  it('returns the same mask for the same key and an independent one for any other key', async () => {
    await expectNoLeak(async () => {
      const mask = async (key: { seed: number; step: number; op: number }): Promise<Float32Array> => {
        const tensor = dropoutMask([40, 50], 0.25, key);
        const values = await readTensor(tensor);
        tensor.dispose();
        return values;
      };
      const base = await mask({ seed: 1, step: 2, op: 3 });
      expect(await mask({ seed: 1, step: 2, op: 3 })).toEqual(base);
      for (const other of [
        { seed: 2, step: 2, op: 3 },
        { seed: 1, step: 3, op: 3 },
        { seed: 1, step: 2, op: 4 },
      ]) {
        // Two independent masks differ in 2·p·(1 − p) of their elements.
        const differing = (await mask(other)).filter((value, i) => value !== base[i]).length / base.length;
        expect(Math.abs(differing - 0.375)).toBeLessThan(0.05);
      }
      expect(new Set(base)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
      expect(Math.abs(base.filter((value) => value === 0).length / base.length - 0.25)).toBeLessThan(0.03);
    });
  });
});

describe('packing tokens', () => {
  it('restarts positions at each text and pads the rows to the requested number', () => {
    const tokens = packTokens(tokenBatch([[5, 6, 7], [8], [9, 10]]), golden.config, quadsFor);
    expect([...tokens.positions.subarray(0, 6)]).toEqual([0, 1, 2, 0, 0, 1]);
    expect(tokens).toMatchObject({ texts: 3, tokens: 6, rows: 8, longest: 3 });
  });

  it('keeps all texts in order when two batches are joined', () => {
    expect(joinTokenBatches(tokenBatch([[1], [2, 3]]), tokenBatch([[4, 5]]))).toEqual(
      tokenBatch([[1], [2, 3], [4, 5]]),
    );
  });

  it('rejects an id outside the vocabulary and a text longer than the position table', () => {
    const fault =
      (texts: number[][]): (() => unknown) =>
      () =>
        packTokens(tokenBatch(texts), golden.config);
    expect(fault([[1, 61]])).toThrow(/vocabulary-mismatch/);
    expect(fault([Array.from({ length: 25 }, () => 1)])).toThrow(/position_embeddings/);
  });
});

describe('parameter names', () => {
  it('are those of BertModel, and exclude biases and LayerNorm from weight decay', () => {
    const names = parameterShapes(golden.config).map(({ name }) => name);
    expect(names.slice().sort()).toEqual(
      Object.keys(golden.ranges)
        .filter((key) => key.startsWith('weights/'))
        .map((key) => key.slice('weights/'.length))
        .sort(),
    );
    expect(names.filter(hasWeightDecay).every((name) => name.endsWith('.weight') && !name.includes('LayerNorm'))).toBe(
      true,
    );
    expect(names.filter(hasWeightDecay).length).toBe(3 + 6 * golden.config.layers);
    expect(distance([1], [1])).toBe(0);
  });
});
