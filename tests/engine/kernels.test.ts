import { describe, expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { poolings } from '../../src/domain/model';
import type { DeviceArray } from '../../workers/engine/arrays';
import { freeTokens, uploadTokens } from '../../workers/engine/model/deviceTokens';
import { packTokens } from '../../workers/engine/model/packedTokens';
import * as attentionReference from '../reference/engine/ops/attention';
import { attentionBackward, attentionForward } from '../../workers/engine/ops/attention/attention';
import { probabilityDropoutMask } from '../reference/engine/ops/dropout';
import { embeddingBackward, embeddingForward } from '../reference/engine/ops/embedding';
import { columnSums } from '../../workers/engine/ops/columnSums/columnSums';
import { embeddingLookup, embeddingGradient } from '../../workers/engine/ops/embedding/embedding';
import { rowGroups } from '../../workers/engine/ops/embedding/rowGroups';
import { layerNormBackward, layerNormForward } from '../../workers/engine/ops/layerNorm/layerNorm';
import { residualLayerNormBackward, residualLayerNormForward } from '../reference/engine/ops/residualLayerNorm';
import * as normalizeReference from '../reference/engine/ops/normalize';
import { poolingBackward, poolingForward } from '../../workers/engine/ops/pooling/pooling';
import { normalizeBackward } from '../../workers/engine/ops/normalize/normalize';
import * as poolingReference from '../reference/engine/ops/pooling';
import { engineKinds, useEngines, engineOf } from './engines';
import { takeArrays } from './takeArrays';
import { takeTensors } from './takeTensors';
import { tinyConfig } from './configs';
import { randomDraws } from './random';
import { tokenBatch } from './tokenBatch';
import { distance, expectClose, norm } from './differences';

useEngines();
const { between, draw } = randomDraws(24);

describe.each(engineKinds)('the kernels (%s)', (kind) => {
  it.each([1, 2, 3])('match the reference LayerNorm and its gradients on a random shape, round %i', async () => {
    const gpu = engineOf(kind);
    const shape = [between(1, 150), between(2, 90)] as const;
    const [z, gamma, beta, dy] = [draw(...shape), draw(shape[1]), draw(shape[1]), draw(...shape)];
    const [Z, Dy] = [gpu.commands.upload(z, shape), gpu.commands.upload(dy, shape)];
    const [Gamma, Beta] = [gpu.commands.upload(gamma), gpu.commands.upload(beta)];
    const { y, saved } = layerNormForward(gpu, { z: Z, gamma: Gamma, beta: Beta, epsilon: 1e-5 });
    const gradients = { gamma: gpu.pool.allocate([shape[1]]), beta: gpu.pool.allocate([shape[1]]) };
    const dz = layerNormBackward(gpu, Dy, saved, gradients);
    const own = await takeArrays(gpu, y, dz, gradients.gamma, gradients.beta);
    const tensors = tf.tidy(() => {
      const [g, b] = [tf.tensor1d(gamma), tf.tensor1d(beta)];
      const input = {
        x: tf.tensor2d(z, [...shape]),
        residual: undefined,
        mask: undefined,
        gamma: g,
        beta: b,
        epsilon: 1e-5,
      };
      const forward = residualLayerNormForward(input);
      const need = { x: true, gamma: true, beta: true };
      const back = residualLayerNormBackward(tf.tensor2d(dy, [...shape]), forward.saved, need);
      return [forward.y, back.x ?? forward.y, back.gamma ?? g, back.beta ?? b];
    });
    (await takeTensors(...tensors)).forEach((values, i) => expectClose(own[i], values, norm(dy)));
    for (const array of [Z, Gamma, Beta, Dy, saved.stats]) gpu.pool.free(array);
  });

  const texts = (): number[][] =>
    Array.from({ length: between(1, 6) }, () => Array.from({ length: between(1, 13) }, () => between(0, 30)));
  const packed = (given = texts()) => packTokens(tokenBatch(given), tinyConfig, (tokens) => tokens + 3);

  it.each([
    [8, 2, 0],
    [12, 2, 0.4],
    [6, 2, 0.2],
  ])(
    'match the reference attention and its gradients for width %i, %i heads and dropout %f',
    async (hidden, heads, rate) => {
      const gpu = engineOf(kind);
      const given = packed();
      const tokens = uploadTokens(gpu, given);
      const qkv = draw(given.rows, 3 * hidden);
      const dy = draw(given.rows, hidden);
      const key = { seed: 7, step: 3, op: 5 };
      const Qkv = gpu.commands.upload(qkv, [given.rows, 3 * hidden]);
      const Dy = gpu.commands.upload(dy, [given.rows, hidden]);
      const dropout = rate > 0 ? { ...key, rate } : undefined;
      const { y, saved } = attentionForward(gpu, {
        qkv: Qkv,
        blocks: tokens.blocks,
        heads,
        longest: given.longest,
        squaredLengths: given.squaredLengths,
        dropout,
      });
      const dqkv = attentionBackward(gpu, Dy, saved);
      const [ownY, ownGradient] = await takeArrays(gpu, y, dqkv);
      const results = tf.tidy(() => {
        const [q, k, v] = tf.split(tf.tensor2d(qkv, [given.rows, 3 * hidden]), 3, 1);
        if (!q || !k || !v) throw new Error('three parts');
        const mask = (place: Parameters<attentionReference.AttentionMask>[0]): tf.Tensor =>
          tf.tensor2d(probabilityDropoutMask(place, rate, key), [place.length, place.length]);
        const inputs = { q, k, v, tokens: given, heads, dropout: dropout && mask };
        const forward = attentionReference.attentionForward(inputs);
        const back = attentionReference.attentionBackward(tf.tensor2d(dy, [given.rows, hidden]), forward.saved, given);
        return [forward.y, tf.concat([back.q, back.k, back.v], 1)];
      });
      const [expectedY = [], expectedGradient = []] = await takeTensors(...results);
      expectClose(ownY, expectedY);
      expectClose(ownGradient, expectedGradient);
      for (const array of [Qkv, Dy, saved.lse]) gpu.pool.free(array);
      freeTokens(gpu, tokens);
    },
  );

  it('weigh keys by scores far beyond the range of exp without overflow', async () => {
    const gpu = engineOf(kind);
    const given = packed([[1, 2, 3], [4]]);
    const tokens = uploadTokens(gpu, given);
    const hidden = 8;
    const qkv = draw(given.rows, 3 * hidden).map((x, i) => (i % (3 * hidden) < 2 * hidden ? 40 * x : x));
    const Qkv = gpu.commands.upload(qkv, [given.rows, 3 * hidden]);
    const inputs = {
      qkv: Qkv,
      blocks: tokens.blocks,
      heads: 2,
      longest: given.longest,
      squaredLengths: given.squaredLengths,
      dropout: undefined,
    };
    const { y, saved } = attentionForward(gpu, inputs);
    const [own] = await takeArrays(gpu, y);
    const lse = await gpu.commands.read(saved.lse);
    const expected = tf.tidy(() => {
      const [q, k, v] = tf.split(tf.tensor2d(qkv, [given.rows, 3 * hidden]), 3, 1);
      if (!q || !k || !v) throw new Error('three parts');
      return attentionReference.attentionForward({ q, k, v, tokens: given, heads: 2, dropout: undefined }).y;
    });
    expectClose(own, (await takeTensors(expected))[0] ?? []);
    expect(Math.max(...lse)).toBeGreaterThan(88.8); // exp of more is infinite in float32
    for (const array of [Qkv, saved.lse]) gpu.pool.free(array);
    freeTokens(gpu, tokens);
  });

  it.each(poolings)('match the reference %s pooling and normalization, forward and backward', async (pooling) => {
    const gpu = engineOf(kind);
    const given = packed([[1, 2, 3], [4], [5, 6]]);
    const tokens = uploadTokens(gpu, given);
    const width = between(2, 70);
    const [hidden, dy] = [draw(given.rows, width), draw(3, width)];
    const Hidden = gpu.commands.upload(hidden, [given.rows, width]);
    const half = (first: 0 | 1, count: number) => {
      const pooled = poolingForward(gpu, Hidden, { ...tokens, firstText: first, texts: count, pooling }, true);
      const dUnit = gpu.commands.upload(dy.slice(first * width, (first + count) * width), [count, width]);
      const dPooled = normalizeBackward(gpu, dUnit, pooled.saved);
      gpu.pool.free(dUnit);
      return { ...pooled, dPooled };
    };
    const [a, p] = [half(0, 1), half(1, 2)];
    const dHidden = poolingBackward(gpu, a.dPooled, p.dPooled, { ...tokens, pooling });
    const [first = [], rest = [], gradient] = await takeArrays(gpu, a.y, p.y, dHidden);
    const results = tf.tidy(() => {
      const pooled = poolingReference.poolingForward(tf.tensor2d(hidden, [given.rows, width]), given, pooling);
      const unit = normalizeReference.normalizeForward(pooled.y);
      const back = normalizeReference.normalizeBackward(tf.tensor2d(dy, [3, width]), unit.saved);
      return [unit.y, poolingReference.poolingBackward(back, pooled.saved)];
    });
    const [unit = [], expected = []] = await takeTensors(...results);
    expectClose([...first, ...rest], unit);
    expectClose(gradient, expected);
    for (const array of [Hidden, a.saved.norms, p.saved.norms, a.dPooled, p.dPooled]) gpu.pool.free(array);
    freeTokens(gpu, tokens);
  });

  it('look up embeddings in a table split into pieces and sum the gradients of each row', async () => {
    const gpu = engineOf(kind);
    const given = packTokens(tokenBatch(texts()), tinyConfig);
    const tokens = uploadTokens(gpu, given);
    const width = 5;
    const [words, positions, types, dz] = [draw(31, width), draw(16, width), draw(2, width), draw(given.rows, width)];
    const piece = (values: Float32Array<ArrayBuffer>, firstRow: number, rows: number) => ({
      array: gpu.commands.upload(values.slice(firstRow * width, (firstRow + rows) * width), [rows, width]),
      firstRow,
      rows,
    });
    const pieces = [piece(words, 0, 10), piece(words, 10, 21)];
    const [Positions, Types] = [gpu.commands.upload(positions, [16, width]), gpu.commands.upload(types, [2, width])];
    const z = embeddingLookup(gpu, { words: pieces, positions: Positions, types: Types }, tokens.rowInfo, width);
    const Dz = gpu.commands.upload(dz, [given.rows, width]);
    for (const { array } of pieces) gpu.commands.clear(array);
    const typeRow = gpu.pool.allocate([width]);
    embeddingGradient(gpu, Dz, rowGroups(given.ids), pieces);
    columnSums(gpu, Dz, typeRow);
    const [ownZ, first = [], rest = [], ownType] = await takeArrays(
      gpu,
      z,
      ...pieces.map(({ array }) => array),
      typeRow,
    );
    const results = tf.tidy(() => {
      const tables = {
        words: tf.tensor2d(words, [31, width]),
        positions: tf.tensor2d(positions, [16, width]),
        types: tf.tensor2d(types, [2, width]),
      };
      const d = tf.tensor2d(dz, [given.rows, width]);
      const need = { words: true, positions: false, types: true };
      const back = embeddingBackward(d, { words: 31, positions: 16, types: 2 }, given, need);
      return [embeddingForward(tables, given), back.words ?? d, tf.slice(back.types ?? d, [0, 0], [1, -1])];
    });
    const [expectedZ = [], expectedWords = [], expectedType = []] = await takeTensors(...results);
    expectClose(ownZ, expectedZ);
    expectClose([...first, ...rest], expectedWords);
    expectClose(ownType, expectedType);
    for (const array of [Positions, Types, Dz]) gpu.pool.free(array);
    freeTokens(gpu, tokens);
  });

  it('group more than 4,096 rows by the table row that they looked up', () => {
    const ids = Int32Array.from({ length: 20_000 }, (_, row) => (row * 7919) % 31);
    const { count, segments, order } = rowGroups(ids);
    const groups = Array.from({ length: count }, (_, i) => {
      const [index = -1, begin, end] = segments.subarray(4 * i, 4 * i + 3);
      return [index, [...order.subarray(begin, end)]] as const;
    });
    const expected = Array.from({ length: 31 }, (_, index) => [index, [...ids.keys()].filter((i) => ids[i] === index)]);
    expect(groups).toEqual(expected);
  });

  it('accumulate gradients over the two parts of a batch', async () => {
    const gpu = engineOf(kind);
    const [rows, cut, width] = [150, 70, 9];
    const [z, dy, gamma] = [draw(rows, width), draw(rows, width), draw(width)];
    const ids = Int32Array.from({ length: rows }, () => between(0, 4));
    const sums = async (cuts: readonly (readonly [number, number])[]): Promise<Float32Array[]> => {
      const [dGamma, dBeta, total] = [
        gpu.pool.allocate([width]),
        gpu.pool.allocate([width]),
        gpu.pool.allocate([width]),
      ];
      const table = gpu.pool.allocate([5, width]);
      gpu.commands.clear(table);
      const Gamma = gpu.commands.upload(gamma);
      for (const [index, [first, end]] of cuts.entries()) {
        const part = (values: Float32Array<ArrayBuffer>): DeviceArray =>
          gpu.commands.upload(values.slice(first * width, end * width), [end - first, width]);
        const [Z, Dy] = [part(z), part(dy)];
        const { y, saved } = layerNormForward(gpu, { z: Z, gamma: Gamma, beta: Gamma, epsilon: 1e-5 });
        const dz = layerNormBackward(gpu, Dy, saved, { gamma: dGamma, beta: dBeta }, index > 0);
        columnSums(gpu, Dy, total, index > 0);
        embeddingGradient(gpu, Dy, rowGroups(ids.subarray(first, end)), [{ array: table, firstRow: 0, rows: 5 }]);
        for (const array of [Z, Dy, y, dz, saved.stats]) gpu.pool.free(array);
      }
      gpu.pool.free(Gamma);
      return takeArrays(gpu, dGamma, dBeta, total, table);
    };
    const whole = await sums([[0, rows]]);
    const inParts = await sums([
      [0, cut],
      [cut, rows],
    ]);
    whole.forEach((values, i) => expect(distance(inParts[i] ?? [], values)).toBeLessThan(1e-5 * norm(values)));
  });

  it('turn a row of equal numbers into β with LayerNorm, with finite gradients', async () => {
    const gpu = engineOf(kind);
    const [rows, width] = [3, 8]; // with a power of two, the mean is exact on every device
    const [gamma, beta] = [draw(width), draw(width)];
    const Z = gpu.commands.upload(new Float32Array(rows * width).fill(0.5), [rows, width]);
    const Dy = gpu.commands.upload(draw(rows, width), [rows, width]);
    const [Gamma, Beta] = [gpu.commands.upload(gamma), gpu.commands.upload(beta)];
    const { y, saved } = layerNormForward(gpu, { z: Z, gamma: Gamma, beta: Beta, epsilon: 1e-12 });
    const dz = layerNormBackward(gpu, Dy, saved, { gamma: undefined, beta: undefined });
    const [own = [], gradient = []] = await takeArrays(gpu, y, dz);
    expect([...own]).toEqual(Array.from({ length: rows * width }, (_, i) => beta[i % width]));
    expect(gradient.every(Number.isFinite)).toBe(true);
    for (const array of [Z, Gamma, Beta, Dy, saved.stats]) gpu.pool.free(array);
  });
});
