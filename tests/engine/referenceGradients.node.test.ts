import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { poolings } from '../../src/domain/model';
import { cosentBackward, cosentForward } from '../reference/engine/losses/cosent';
import { readTensor } from '../reference/engine/readTensor';
import { infoNceBackward, infoNceForward } from '../reference/engine/losses/infoNce';
import { lossMaskBits } from '../../workers/engine/losses/lossMask';
import { packTokens, type PackedTokens } from '../../workers/engine/model/packedTokens';
import { attentionBackward, attentionForward } from '../reference/engine/ops/attention';
import { dropoutMask, probabilityDropoutMask } from '../reference/engine/ops/dropout';
import { geluBackward, geluForward } from '../reference/engine/ops/gelu';
import { residualLayerNormBackward, residualLayerNormForward } from '../reference/engine/ops/residualLayerNorm';
import { linearBackward, linearForward } from '../reference/engine/ops/linear';
import { normalizeBackward, normalizeForward } from '../reference/engine/ops/normalize';
import { poolingBackward, poolingForward } from '../reference/engine/ops/pooling';
import { bertConfig } from './configs';
import { randomDraws } from './random';
import { tokenBatch } from './tokenBatch';
import { openTfjsReference } from './tfjsReference';
import { distance, norm } from './differences';
import { expectNoLeak } from './expectNoLeak';

beforeAll(openTfjsReference);

const { between, draw: drawNumbers } = randomDraws(11);
const draw = (shape: number[]): tf.Tensor => tf.tensor(drawNumbers(...shape), shape);
const rounds = [1, 2, 3];

/** Compares a backward pass with tfjs's automatic gradient of the forward pass, for a random gradient dy. */
async function compareWithTape(
  inputs: tf.Tensor[],
  forward: (...inputs: tf.Tensor[]) => tf.Tensor,
  backward: (dy: tf.Tensor) => tf.Tensor[],
): Promise<void> {
  const y = tf.tidy(() => forward(...inputs));
  const dy = draw(y.shape);
  y.dispose();
  const expected = tf.tidy(() => tf.grads((...given: tf.Tensor[]) => tf.sum(tf.mul(forward(...given), dy)))(inputs));
  const own = tf.tidy(() => backward(dy));
  expect(own.length).toBe(expected.length);
  for (const [index, gradient] of own.entries()) {
    const reference = expected[index];
    expect(gradient.shape).toEqual(reference?.shape);
    if (!reference) continue;
    const values = await readTensor(reference);
    expect(distance(await readTensor(gradient), values)).toBeLessThanOrEqual(1e-4 * norm(values) + 1e-5);
  }
  tf.dispose([dy, expected, own, inputs]);
}

const present = (tensors: (tf.Tensor | undefined)[]): tf.Tensor[] => tensors.filter((tensor) => tensor !== undefined);

describe('the reference backward passes', () => {
  it.each(rounds)('match the tfjs gradient of a linear layer on a random shape, round %i', async () => {
    await expectNoLeak(async () => {
      const [rows, width, out] = [between(1, 40), between(1, 30), between(1, 30)];
      const [x, weight, bias] = [draw([rows, width]), draw([out, width]), draw([out])];
      await compareWithTape(
        [x, weight, bias],
        (x, w, b) => linearForward(x, w, b).y,
        (dy) => {
          const gradients = linearBackward(dy, { x, weight }, { x: true, weight: true, bias: true });
          return present([gradients.x, gradients.weight, gradients.bias]);
        },
      );
    });
  });

  it.each(rounds)('match the tfjs gradient of GELU on a random shape, round %i', async () => {
    await expectNoLeak(async () => {
      const x = draw([between(1, 30), between(1, 40)]);
      const wide = tf.mul(x, 6);
      x.dispose();
      const { y, saved } = geluForward(wide);
      y.dispose();
      await compareWithTape(
        [wide],
        (x) => geluForward(x).y,
        (dy) => [geluBackward(dy, saved)],
      );
      saved.cdf.dispose();
    });
  });

  it.each(rounds)(
    'match the tfjs gradient of residual LayerNorm with dropout on a random shape, round %i',
    async () => {
      await expectNoLeak(async () => {
        const shape = [between(1, 20), between(2, 40)];
        const mask = dropoutMask(shape, 0.3, { seed: 1, step: 2, op: 3 });
        const inputs = [draw(shape), draw(shape), draw(shape.slice(1)), draw(shape.slice(1))];
        const run = (...[x, residual, gamma, beta]: tf.Tensor[]) => {
          if (!x || !residual || !gamma || !beta) throw new Error('four inputs');
          return residualLayerNormForward({ x, residual, gamma, beta, mask, epsilon: 1e-5 });
        };
        const { y, saved } = run(...inputs);
        y.dispose();
        await compareWithTape(
          inputs,
          (...given) => run(...given).y,
          (dy) => {
            const { x, sum, gamma, beta } = residualLayerNormBackward(dy, saved, { x: true, gamma: true, beta: true });
            return present([x, sum, gamma, beta]);
          },
        );
        tf.dispose([mask, saved.normalized, saved.inverseDeviation]);
      });
    },
  );

  it.each(rounds)('match the tfjs gradient of normalizing rows to unit length, round %i', async () => {
    await expectNoLeak(async () => {
      const x = draw([between(1, 10), between(2, 40)]);
      const { y, saved } = normalizeForward(x);
      await compareWithTape(
        [x],
        (x) => normalizeForward(x).y,
        (dy) => [normalizeBackward(dy, saved)],
      );
      tf.dispose([y, saved.norm]);
    });
  });

  it.each(poolings)('match the tfjs gradient of %s pooling', async (pooling) => {
    await expectNoLeak(async () => {
      const tokens = randomTokens();
      const hidden = draw([tokens.rows, 6]);
      const { y, saved } = poolingForward(hidden, tokens, pooling);
      await compareWithTape(
        [hidden],
        (hidden) => poolingForward(hidden, tokens, pooling).y,
        (dy) => [poolingBackward(dy, saved)],
      );
      tf.dispose([y, saved]);
    });
  });

  it.each([
    ['queryToPassage', 5, 5, []],
    ['both', 3, 3, []],
    ['both', 1, 1, []],
    ['both', 4, 40, [[2, 35], [], [0, 3, 39], [1]]],
    ['queryToPassage', 2, 3, [[1, 2]]],
  ] as const)(
    'match the tfjs gradient of InfoNCE (%s), anchors: %i, candidates: %i, left out: %j',
    async (directions, size, count, out) => {
      await expectNoLeak(async () => {
        const options = { temperature: 0.2, directions };
        const leftOut = lossMaskBits([...out, ...Array.from({ length: size - out.length }, () => [])], count);
        const inputs = [draw([size, 7]), draw([count, 7])];
        const run = (...[a, c]: tf.Tensor[]) => {
          if (!a || !c) throw new Error('two inputs');
          return infoNceForward(a, c, options, leftOut);
        };
        const whole = run(...inputs);
        await compareWithTape(
          inputs,
          (...given) => tf.reshape(run(...given).loss, [1]),
          (dy) => {
            const { anchors, candidates } = infoNceBackward(whole.saved);
            return [tf.mul(anchors, dy), tf.mul(candidates, dy)];
          },
        );
        tf.dispose([whole.loss, whole.accuracy, whole.positiveScore, whole.negativeScore]);
        tf.dispose([whole.saved.anchors, whole.saved.candidates, whole.saved.probabilities]);
      });
    },
  );

  it.each([1, 2, 9])('match the tfjs gradient of CoSENT for a batch of %i', async (size) => {
    await expectNoLeak(async () => {
      const scores = tf.tensor1d(Array.from({ length: size }, () => between(0, 3) / 3));
      const inputs = [draw([size, 7]), draw([size, 7])];
      const run = (...[a, b]: tf.Tensor[]) => {
        if (!a || !b) throw new Error('two inputs');
        return cosentForward(a, b, scores, { temperature: 0.2 });
      };
      const whole = run(...inputs);
      await compareWithTape(
        inputs,
        (...given) => tf.reshape(run(...given).loss, [1]),
        (dy) => {
          const { first, second } = cosentBackward(whole.saved);
          return [tf.mul(first, dy), tf.mul(second, dy)];
        },
      );
      tf.dispose([scores, whole.loss, whole.ordered, whole.saved.first, whole.saved.second, whole.saved.shares]);
    });
  });
});

function randomTokens(): PackedTokens {
  const texts = Array.from({ length: between(1, 5) }, () =>
    Array.from({ length: between(1, 12) }, () => between(0, 30)),
  );
  return packTokens(tokenBatch(texts), tinyConfig);
}

describe('the reference attention', () => {
  const heads = 2;

  it.each(rounds)('has the gradients that tfjs derives from its forward pass, round %i', async (round) => {
    await expectNoLeak(async () => {
      const tokens = packTokens(tokenBatch([[1, 2, 3, 4, 5].slice(0, between(1, 5)), [1, 2, 3]]), tinyConfig);
      const inputs = [draw([tokens.rows, 8]), draw([tokens.rows, 8]), draw([tokens.rows, 8])];
      const dropout =
        round === 1
          ? undefined
          : (place: { row: number; length: number; head: number; heads: number }) =>
              tf.tensor2d(probabilityDropoutMask(place, 0.4, { seed: 1, step: 1, op: 2 }), [
                place.length,
                place.length,
              ]);
      const run = (...[q, k, v]: tf.Tensor[]) => {
        if (!q || !k || !v) throw new Error('three inputs');
        return attentionForward({ q, k, v, tokens, heads, dropout });
      };
      const { y, saved } = run(...inputs);
      await compareWithTape(
        inputs,
        (...given) => run(...given).y,
        (dy) => {
          const { q, k, v } = attentionBackward(dy, saved, tokens);
          return [q, k, v];
        },
      );
      tf.dispose([y, saved.probabilities, saved.masks]);
    });
  });

  it('returns zeros for the padding rows after the last text, in outputs and gradients', async () => {
    await expectNoLeak(async () => {
      const texts = [
        [1, 2, 3],
        [4, 5],
      ];
      const tokens = packTokens(tokenBatch(texts), tinyConfig, () => 16);
      const [q, k, v, dy] = [draw([16, 8]), draw([16, 8]), draw([16, 8]), draw([16, 8])];
      const results = tf.tidy(() => {
        const { y, saved } = attentionForward({ q, k, v, tokens, heads, dropout: undefined });
        const gradients = attentionBackward(dy, saved, tokens);
        return [y, gradients.q, gradients.k, gradients.v];
      });
      for (const values of await Promise.all(results.map(readTensor)))
        expect(norm(values.subarray(tokens.tokens * 8))).toBe(0);
      tf.dispose([q, k, v, dy, results]);
    });
  });
});

const tinyConfig = bertConfig({
  layers: 1,
  hiddenSize: 8,
  heads: 2,
  intermediateSize: 8,
  vocabularySize: 31,
  maxPositions: 12,
});
