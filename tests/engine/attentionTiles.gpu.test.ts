import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Engine } from '../../workers/engine/engine';
import { freeTokens, uploadTokens } from '../../workers/engine/model/deviceTokens';
import { packTokens, type PackedTokens } from '../../workers/engine/model/packedTokens';
import { attentionBackward, attentionForward } from '../../workers/engine/ops/attention/attention';
import type { AttentionTiling } from '../../workers/engine/ops/attention/tiling';
import * as attentionReference from '../reference/engine/ops/attention';
import { probabilityDropoutMask } from '../reference/engine/ops/dropout';
import { bertConfig, tinyConfig } from './configs';
import { expectClose } from './differences';
import { engineOf, useEngines } from './engines';
import { randomDraws } from './random';
import { takeArrays } from './takeArrays';
import { takeTensors } from './takeTensors';
import { tokenBatch } from './tokenBatch';

useEngines();
const { draw } = randomDraws(26);
const config = bertConfig({ ...tinyConfig, maxPositions: 512 });
const key = { seed: 7, step: 3, op: 5 };
const padding = 3;

type Case = {
  packed: PackedTokens;
  heads: number;
  rate: number;
  qkv: Float32Array<ArrayBuffer>;
  dy: Float32Array<ArrayBuffer>;
};

function caseOf(lengths: readonly number[], heads: number, size: number, rate: number): Case {
  const texts = lengths.map((length) => new Array<number>(length).fill(5));
  const packed = packTokens(tokenBatch(texts), config, (tokens) => tokens + padding);
  return { packed, heads, rate, qkv: draw(packed.rows, 3 * heads * size), dy: draw(packed.rows, heads * size) };
}

/** Returns y, log-sum-exp and the gradient of qkv. `tiling` replaces the tilings chosen for the device. */
async function compute(
  gpu: Engine,
  { packed, heads, rate, qkv, dy }: Case,
  tiling?: AttentionTiling,
): Promise<Float32Array[]> {
  const hidden = qkv.length / packed.rows / 3;
  const tokens = uploadTokens(gpu, packed);
  const Qkv = gpu.commands.upload(qkv, [packed.rows, 3 * hidden]);
  const Dy = gpu.commands.upload(dy, [packed.rows, hidden]);
  const { longest, squaredLengths } = packed;
  const dropout = rate > 0 ? { ...key, rate } : undefined;
  const tilings = tiling && { forward: tiling, queries: tiling, keyValues: tiling };
  const inputs = { qkv: Qkv, blocks: tokens.blocks, heads, longest, squaredLengths, dropout };
  const { y, saved } = attentionForward(gpu, tilings ? { ...inputs, tilings } : inputs);
  const taken = await takeArrays(gpu, y, saved.lse, attentionBackward(gpu, Dy, saved));
  for (const array of [Qkv, Dy]) gpu.pool.free(array);
  freeTokens(gpu, tokens);
  return taken;
}

async function reference({ packed, heads, rate, qkv, dy }: Case): Promise<(readonly number[] | Float32Array)[]> {
  const hidden = qkv.length / packed.rows / 3;
  const results = tf.tidy(() => {
    const [q, k, v] = tf.split(tf.tensor2d(qkv, [packed.rows, 3 * hidden]), 3, 1);
    if (!q || !k || !v) throw new Error('three parts');
    const mask = (place: Parameters<attentionReference.AttentionMask>[0]): tf.Tensor =>
      tf.tensor2d(probabilityDropoutMask(place, rate, key), [place.length, place.length]);
    const forward = attentionReference.attentionForward({
      q,
      k,
      v,
      tokens: packed,
      heads,
      dropout: rate > 0 ? mask : undefined,
    });
    const back = attentionReference.attentionBackward(tf.tensor2d(dy, [packed.rows, hidden]), forward.saved, packed);
    return [forward.y, tf.concat([back.q, back.k, back.v], 1)];
  });
  return takeTensors(...results);
}

function bits(values: Float32Array | undefined): Uint32Array {
  return values ? new Uint32Array(values.buffer, values.byteOffset, values.length) : new Uint32Array();
}

describe('tiled attention', () => {
  it.each([
    [32, 0.2],
    [64, 0],
  ])(
    'matches the reference for texts of 1 to 70, 128 and 512 tokens, heads of size %i and dropout %f',
    async (size, rate) => {
      const lengths = [...Array.from({ length: 70 }, (_, i) => i + 1), 128, 512];
      const given = caseOf(lengths, 1, size, rate);
      const [y, lse, gradient] = await compute(engineOf('hardware'), given);
      const [expectedY = [], expectedGradient = []] = await reference(given);
      expectClose(y, expectedY);
      expectClose(gradient, expectedGradient);
      for (const [values = new Float32Array(), width] of [
        [y, size],
        [lse, 1],
        [gradient, 3 * size],
      ] as const)
        expect(bits(values).subarray(given.packed.tokens * width)).toEqual(new Uint32Array(padding * width));
    },
  );

  it.each([
    [32, 64],
    [64, 32],
  ] as const)(
    'computes the same bits however it is tiled, for heads of size %i and tiles of %i rows',
    async (size, rows) => {
      const gpu = engineOf('hardware');
      const given = caseOf([1, 33, 70, 6], 2, size, 0.2);
      const first = await compute(gpu, given);
      const other = await compute(gpu, given, { rows, prefetch: rows === 32, unroll: 1 });
      other.forEach((values, i) => expect(bits(values)).toEqual(bits(first[i])));
    },
  );
});
