import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { poolings } from '../../src/domain/model';
import { openDevice, openGpu } from '../../workers/engine/device';
import { readTensor } from '../../workers/engine/reference/tensorTable';
import type { DeviceArray } from '../../workers/engine/arrays';
import type { Engine } from '../../workers/engine/engine';
import { Gpu } from '../../workers/engine/gpu/gpu';
import { freeTokens, uploadTokens } from '../../workers/engine/model/deviceTokens';
import { packTokens } from '../../workers/engine/model/packedTokens';
import * as attentionReference from '../../workers/engine/ops/attention/attention';
import { attentionBackward, attentionForward } from '../../workers/engine/ops/attention/kernels';
import { dropoutMask, probabilityDropoutMask } from '../../workers/engine/ops/dropout/dropout';
import { philox } from '../../workers/engine/ops/dropout/random';
import { dropoutApply } from '../../workers/engine/ops/dropout/kernels';
import { embeddingBackward, embeddingForward } from '../../workers/engine/ops/embedding/embedding';
import { columnSums } from '../../workers/engine/ops/columnSums/kernels';
import { embeddingLookup, tableGradient } from '../../workers/engine/ops/embedding/kernels';
import { planSegments } from '../../workers/engine/ops/embedding/segmentPlan';
import { geluBackward, geluForward } from '../../workers/engine/ops/gelu/gelu';
import { layerNormBackward, layerNormForward } from '../../workers/engine/ops/layerNorm/kernels';
import {
  residualLayerNormBackward,
  residualLayerNormForward,
} from '../../workers/engine/ops/layerNorm/residualLayerNorm';
import { matmul } from '../../workers/engine/ops/matmul/matmul';
import type { Layout, MatmulChoice, MatmulTiling } from '../../workers/engine/ops/matmul/plan';
import * as normalizeReference from '../../workers/engine/ops/normalize/normalize';
import { normalizeBackward, poolingBackward, poolingForward } from '../../workers/engine/ops/pooling/kernels';
import * as poolingReference from '../../workers/engine/ops/pooling/pooling';
import { adamWUpdate } from '../../workers/engine/optimizer/adamW';
import { clipFactor } from '../../workers/engine/optimizer/clipping';
import { openWasmEngine } from '../../workers/engine/wasm/open';
import { adamW, clipping, squareParts, sumSquares } from '../../workers/engine/optimizer/kernels';
import { batchOf, distance, inBrowser, norm, openReference, seededRandom, wasmBase, strict } from './support';

/** Both kinds of adapter choose kernels of their own, and wasm has its functions; software WebGPU runs all of them, Node the last. */
const kinds = inBrowser ? (['software', 'hardware', 'wasm'] as const) : (['wasm'] as const);
const engines = new Map<string, Engine & { dispose: () => void }>();
const engineOf = (kind: string): Engine => {
  const engine = engines.get(kind);
  if (!engine) throw new Error(`no ${kind}`);
  return engine;
};

beforeAll(async () => {
  await openReference();
  engines.set('wasm', await openWasmEngine(wasmBase, 1));
  if (!inBrowser) return;
  await openDevice('webgpu', wasmBase);
  const software = openGpu();
  if (!software) throw new Error('no WebGPU');
  engines.set('software', software);
  engines.set('hardware', new Gpu(software.device, { software: false }, strict()));
});

afterAll(() => {
  for (const engine of engines.values()) expect(engine.pool.liveArrays).toBe(0);
});

const random = seededRandom(23);
const between = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
const draw = (...shape: number[]): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: shape.reduce((product, side) => product * side, 1) }, () => 2 * random() - 1);

async function readAll(gpu: Engine, ...arrays: DeviceArray[]): Promise<Float32Array[]> {
  const values: Float32Array[] = [];
  for (const array of arrays) values.push(await gpu.commands.read(array));
  for (const array of new Set(arrays)) gpu.pool.free(array);
  return values;
}

/** 1e-4 of the reference's norm, and of the largest where the reference is zero but for rounding. */
function expectClose(own: ArrayLike<number> | undefined, reference: ArrayLike<number>, scale = norm(reference)): void {
  expect(distance(own ?? [], reference)).toBeLessThanOrEqual(1e-4 * norm(reference) + 1e-6 * scale);
}

async function tensorValues(...tensors: tf.Tensor[]): Promise<Float32Array[]> {
  const values = await Promise.all(tensors.map(readTensor));
  tf.dispose(tensors);
  return values;
}

function naiveProduct(layout: Layout, a: Float32Array, b: Float32Array, [m, n, k]: readonly number[]): Float64Array {
  const [rows = 0, columns = 0, depth = 0] = [m, n, k];
  const y = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      for (let d = 0; d < depth; d++) {
        const left = (layout === 'TN' ? a[d * rows + i] : a[i * depth + d]) ?? NaN;
        const right = (layout === 'NT' ? b[j * depth + d] : b[d * columns + j]) ?? NaN;
        y[i * columns + j] = (y[i * columns + j] ?? 0) + left * right;
      }
  return y;
}

describe('matmul', () => {
  const tilings: MatmulTiling[] = [
    { threadRows: 8, threadColumns: 16, workgroup: [4, 1], sharedDepth: 0 },
    { threadRows: 4, threadColumns: 4, workgroup: [8, 8], sharedDepth: 16 },
    { threadRows: 4, threadColumns: 8, workgroup: [4, 8], sharedDepth: 8 },
  ];
  const bySubgroups: MatmulTiling[] = [
    { threadRows: 8, threadColumns: 4, workgroup: [64, 1], sharedDepth: 0, subgroups: true },
    { threadRows: 4, threadColumns: 8, workgroup: [2, 1], sharedDepth: 0, subgroups: true },
  ];
  /** Each way in which a device may compute a product of so many parts. */
  const ways = (parts: number): [Engine, MatmulChoice | undefined][] => {
    const gpu = engines.get('software');
    const subgroups = gpu instanceof Gpu && gpu.device.features.has('subgroups');
    const choices = [...tilings, ...(subgroups ? bySubgroups : [])].map((tiling) => ({ tiling, parts }));
    return [
      ...(gpu ? choices.map((choice): [Engine, MatmulChoice] => [gpu, choice]) : []),
      ...(['wasm', 'hardware'] as const).flatMap((kind): [Engine, undefined][] => {
        const engine = engines.get(kind);
        return engine ? [[engine, undefined]] : [];
      }),
    ];
  };
  const shapes = [[1, 1, 1], [64, 64, 32], [37, 12, 20], [5, 7, 3], [33, 68, 50], [70, 4, 9], [100, 131, 300]]; // prettier-ignore
  const long = [[16, 20, 392], [9, 7, 391], [8, 12, 384]]; // prettier-ignore
  it.each(['NN', 'NT', 'TN'] as const)(
    '%s agrees with a naive loop, at all tilings and odd shapes, whole and in parts',
    async (layout) => {
      for (const parts of [1, 3])
        for (const [gpu, choice] of ways(parts))
          for (const [m = 1, n = 1, k = 1] of parts === 1 ? shapes : long) {
            const [a, b] = [draw(m * k), draw(n * k)];
            const A = gpu.commands.upload(a, layout === 'TN' ? [k, m] : [m, k]);
            const B = gpu.commands.upload(b, layout === 'NT' ? [n, k] : [k, n]);
            const y = gpu.pool.allocate([m, n]);
            const aSums = gpu.pool.allocate([m]);
            matmul(gpu, layout, A, B, y, { ...(choice ? { choice } : {}), ...(layout === 'TN' ? { aSums } : {}) });
            const [product, sums = []] = await readAll(gpu, y, aSums);
            expectClose(product, naiveProduct(layout, a, b, [m, n, k]), Math.sqrt(m * n));
            if (layout === 'TN') expectClose(sums, naiveProduct('TN', a, draw(k).fill(1), [m, 1, k]), m);
            gpu.pool.free(A);
            gpu.pool.free(B);
          }
    },
  );

  it.each([
    [24, 32, 16, 1],
    [9, 7, 5, 1],
    [24, 32, 384, 3],
    [9, 7, 390, 2],
  ])(
    'finishes a product [%i, %i] over %i in %i parts with bias, dropout, residual, GELU and accumulation',
    async (m, n, k, parts) => {
      for (const [gpu, choice] of ways(parts)) {
        const way = choice ? { choice } : {};
        const upload = (values: Float32Array<ArrayBuffer>, ...shape: number[]): DeviceArray =>
          gpu.commands.upload(values, shape);
        const [a, b, bias, residual, pre, before] = [
          draw(m, k),
          draw(n, k),
          draw(n),
          draw(m, n),
          draw(m, n),
          draw(m, n),
        ];
        const A = upload(a, m, k);
        const B = upload(b, n, k);
        const product = naiveProduct('NT', a, b, [m, n, k]);
        const place = { seed: 4, step: 9, op: 2, rate: 0.3 };
        const [mask = []] = await tensorValues(dropoutMask([m, n], place.rate, place));
        const finished = [gpu.pool.allocate([m, n]), gpu.pool.allocate([m, n]), gpu.pool.allocate([m, n])] as const;
        const [dropped, activated, beforeGelu] = finished;
        const [Bias, Residual, Pre, accumulated] = [upload(bias, n), upload(residual, m, n), upload(pre, m, n), upload(before, m, n)]; // prettier-ignore
        matmul(gpu, 'NT', A, B, dropped, { ...way, alpha: 0.5, bias: Bias, dropout: place, residual: Residual });
        matmul(gpu, 'NT', A, B, activated, { ...way, bias: Bias, gelu: beforeGelu });
        matmul(gpu, 'NT', A, B, accumulated, { ...way, geluGradient: Pre, accumulate: true });
        const own = await readAll(gpu, dropped, activated, beforeGelu, accumulated);
        const biased = product.map((x, i) => x + (bias[i % n] ?? NaN));
        const tensors = tf.tidy(() => {
          const input = tf.tensor2d(Float32Array.from(biased), [m, n]);
          const { saved } = geluForward(tf.tensor2d(pre, [m, n]));
          return [geluForward(input).y, geluBackward(tf.tensor2d(Float32Array.from(product), [m, n]), saved)];
        });
        const [gelu = [], gradient = []] = await tensorValues(...tensors);
        const half = product.map((x, i) => (0.5 * x + (bias[i % n] ?? NaN)) * (mask[i] ?? NaN) + (residual[i] ?? NaN));
        expectClose(own[0], half);
        expectClose(own[1], gelu);
        expectClose(own[2], biased);
        expectClose(
          own[3],
          before.map((x, i) => x + (gradient[i] ?? NaN)),
        );
        for (const array of [A, B, Bias, Residual, Pre]) gpu.pool.free(array);
      }
    },
  );

  it.each(kinds)('gives the same bits twice (%s)', async (kind) => {
    const gpu = engineOf(kind);
    const [A, B] = [gpu.commands.upload(draw(40, 24), [40, 24]), gpu.commands.upload(draw(40, 16), [40, 16])];
    const [first, second] = [gpu.pool.allocate([24, 16]), gpu.pool.allocate([24, 16])];
    for (const y of [first, second]) matmul(gpu, 'TN', A, B, y);
    const [once, twice] = await readAll(gpu, first, second);
    expect(once).toEqual(twice);
    gpu.pool.free(A);
    gpu.pool.free(B);
  });
});

describe.each(kinds)('kernels of a %s adapter agree with the references', (kind) => {
  it.each([1, 2, 3])('LayerNorm, round %i', async () => {
    const gpu = engineOf(kind);
    const shape = [between(1, 150), between(2, 90)] as const;
    const [z, gamma, beta, dy] = [draw(...shape), draw(shape[1]), draw(shape[1]), draw(...shape)];
    const [Z, Gamma, Beta, Dy] = [z, gamma, beta, dy].map((x) =>
      gpu.commands.upload(x, x.length === shape[1] ? [shape[1]] : shape),
    );
    if (!Z || !Gamma || !Beta || !Dy) return;
    const { y, saved } = layerNormForward(gpu, { z: Z, gamma: Gamma, beta: Beta, epsilon: 1e-5 });
    const gradients = { gamma: gpu.pool.allocate([shape[1]]), beta: gpu.pool.allocate([shape[1]]) };
    const dz = layerNormBackward(gpu, Dy, saved, gradients);
    const own = await readAll(gpu, y, dz, gradients.gamma, gradients.beta);
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
    (await tensorValues(...tensors)).forEach((values, i) => expectClose(own[i], values, norm(dy)));
    for (const array of [Z, Gamma, Beta, Dy, saved.stats]) gpu.pool.free(array);
  });

  const texts = (): number[][] =>
    Array.from({ length: between(1, 6) }, () => Array.from({ length: between(1, 13) }, () => between(0, 30)));
  const config = { maxPositions: 16, vocabularySize: 31, padTokenId: 0 };
  const packed = (given = texts()) => packTokens(batchOf(given), { ...tinyConfig, ...config }, (tokens) => tokens + 3);

  it.each([
    [8, 2, 0],
    [12, 2, 0.4],
    [6, 2, 0.2],
  ])('attention of %i numbers in %i heads with dropout %f', async (hidden, heads, rate) => {
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
      dropout,
    });
    const dqkv = attentionBackward(gpu, Dy, saved);
    const [ownY, ownGradient] = await readAll(gpu, y, dqkv);
    const results = tf.tidy(() => {
      const [q, k, v] = tf.split(tf.tensor2d(qkv, [given.rows, 3 * hidden]), 3, 1);
      if (!q || !k || !v) throw new Error('three parts');
      const mask = (place: Parameters<attentionReference.ProbabilityMask>[0]): tf.Tensor =>
        tf.tensor2d(probabilityDropoutMask(place, rate, key), [place.length, place.length]);
      const inputs = { q, k, v, tokens: given, heads, dropout: dropout && mask };
      const forward = attentionReference.attentionForward(inputs);
      const back = attentionReference.attentionBackward(tf.tensor2d(dy, [given.rows, hidden]), forward.saved, given);
      return [forward.y, tf.concat([back.q, back.k, back.v], 1)];
    });
    const [expectedY = [], expectedGradient = []] = await tensorValues(...results);
    expectClose(ownY, expectedY);
    expectClose(ownGradient, expectedGradient);
    for (const array of [Qkv, Dy, saved.lse]) gpu.pool.free(array);
    freeTokens(gpu, tokens);
  });

  it.each(poolings)('%s pooling to unit length', async (pooling) => {
    const gpu = engineOf(kind);
    const given = packed([[1, 2, 3], [4], [5, 6]]);
    const tokens = uploadTokens(gpu, given);
    const width = between(2, 70);
    const [hidden, dy] = [draw(given.rows, width), draw(3, width)];
    const Hidden = gpu.commands.upload(hidden, [given.rows, width]);
    const halves = [1, 2].map((count, half) => {
      const pooled = poolingForward(gpu, Hidden, { ...tokens, firstText: half, texts: count, pooling }, true);
      const dUnit = gpu.commands.upload(dy.slice(half * width, (half + count) * width), [count, width]);
      const dPooled = normalizeBackward(gpu, dUnit, pooled.saved);
      gpu.pool.free(dUnit);
      return { ...pooled, dPooled };
    });
    const [a, p] = halves;
    if (!a || !p) return;
    const dHidden = poolingBackward(gpu, a.dPooled, p.dPooled, { ...tokens, pooling });
    const [first = [], rest = [], gradient] = await readAll(gpu, a.y, p.y, dHidden);
    const results = tf.tidy(() => {
      const pooled = poolingReference.poolingForward(tf.tensor2d(hidden, [given.rows, width]), given, pooling);
      const unit = normalizeReference.normalizeForward(pooled.y);
      const back = normalizeReference.normalizeBackward(tf.tensor2d(dy, [3, width]), unit.saved);
      return [unit.y, poolingReference.poolingBackward(back, pooled.saved)];
    });
    const [unit = [], expected = []] = await tensorValues(...results);
    expectClose([...first, ...rest], unit);
    expectClose(gradient, expected);
    for (const array of [Hidden, a.saved.norms, p.saved.norms, a.dPooled, p.dPooled]) gpu.pool.free(array);
    freeTokens(gpu, tokens);
  });

  it('looks embeddings up in a table cut in pieces, and gives each row its sum of gradients', async () => {
    const gpu = engineOf(kind);
    const given = packTokens(batchOf(texts()), { ...tinyConfig, ...config });
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
    tableGradient(gpu, Dz, planSegments(given.ids), pieces);
    columnSums(gpu, Dz, typeRow);
    const [ownZ, first = [], rest = [], ownType] = await readAll(gpu, z, ...pieces.map(({ array }) => array), typeRow);
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
    const [expectedZ = [], expectedWords = [], expectedType = []] = await tensorValues(...results);
    expectClose(ownZ, expectedZ);
    expectClose([...first, ...rest], expectedWords);
    expectClose(ownType, expectedType);
    for (const array of [Positions, Types, Dz]) gpu.pool.free(array);
    freeTokens(gpu, tokens);
  });

  it('drops what the reference mask drops', async () => {
    const gpu = engineOf(kind);
    const place = { seed: 11, step: 4, op: 2, rate: 0.25 };
    const x = draw(13, 7);
    const X = gpu.commands.upload(x, [13, 7]);
    const [own] = await readAll(gpu, dropoutApply(gpu, X, place));
    const [mask = []] = await tensorValues(dropoutMask([13, 7], place.rate, place));
    expect(Array.from(own ?? [], (value) => value + 0)).toEqual(
      Array.from(x, (value, i) => Math.fround(value * (mask[i] ?? NaN)) + 0),
    );
    gpu.pool.free(X);
  });

  it.each([4, 7])('drops in rows 3 to 8 what it drops there in the whole array of %i numbers a row', async (width) => {
    const gpu = engineOf(kind);
    const place = { seed: 11, step: 4, op: 2, rate: 0.25 };
    const X = gpu.commands.upload(draw(13 * width).fill(1), [13, width]);
    const part = gpu.commands.upload(draw(6 * width).fill(1), [6, width]);
    const [whole, own] = await readAll(gpu, dropoutApply(gpu, X, place), dropoutApply(gpu, part, { ...place, firstRow: 3 })); // prettier-ignore
    expect(own).toEqual(whole?.subarray(3 * width, 9 * width));
    for (const array of [X, part]) gpu.pool.free(array);
  });

  it.each([
    [8, 6],
    [6, 6],
    [6, 5],
  ])(
    'drops of %i numbers a row in a later text by itself what it drops there in the whole batch, in attention and after a product, from row %i',
    async (hidden, before) => {
      const gpu = engineOf(kind);
      const heads = 2;
      const place = { seed: 7, step: 3, op: 5, rate: 0.4 };
      const first = Array.from({ length: before }, (_, i) => i + 1);
      const both = packTokens(batchOf([first, [7, 8, 9]]), { ...tinyConfig, ...config });
      const second = packTokens(batchOf([[7, 8, 9]]), { ...tinyConfig, ...config });
      const [qkv, weight] = [draw(before + 3, 3 * hidden), draw(hidden, hidden)];
      const W = gpu.commands.upload(weight, [hidden, hidden]);
      const results: Float32Array[] = [];
      for (const [packed, firstRow] of [
        [both, 0],
        [second, before],
      ] as const) {
        // prettier-ignore
        const tokens = uploadTokens(gpu, packed);
        const dropout = { ...place, firstRow };
        const Qkv = gpu.commands.upload(qkv.slice(firstRow * 3 * hidden), [packed.rows, 3 * hidden]);
        const { y, saved } = attentionForward(gpu, {
          qkv: Qkv,
          blocks: tokens.blocks,
          heads,
          longest: packed.longest,
          dropout,
        });
        const product = gpu.pool.allocate([packed.rows, hidden]);
        matmul(gpu, 'NT', y, W, product, { dropout });
        const dqkv = attentionBackward(gpu, product, saved);
        results.push(...(await readAll(gpu, y, product, dqkv)));
        for (const array of [Qkv, saved.lse]) gpu.pool.free(array);
        freeTokens(gpu, tokens);
      }
      const [y, product, dqkv, ownY, ownProduct, ownGradient] = results;
      expectClose(ownY, y?.subarray(before * hidden) ?? []);
      expectClose(ownProduct, product?.subarray(before * hidden) ?? []);
      expectClose(ownGradient, dqkv?.subarray(before * 3 * hidden) ?? []);
      gpu.pool.free(W);
    },
  );

  it('adds the gradients of a second part of the rows to those of the first', async () => {
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
        tableGradient(gpu, Dy, planSegments(ids.subarray(first, end)), [{ array: table, firstRow: 0, rows: 5 }]);
        for (const array of [Z, Dy, y, dz, saved.stats]) gpu.pool.free(array);
      }
      gpu.pool.free(Gamma);
      return readAll(gpu, dGamma, dBeta, total, table);
    };
    const whole = await sums([[0, rows]]);
    const inParts = await sums([[0, cut], [cut, rows]]); // prettier-ignore
    whole.forEach((values, i) => expect(distance(inParts[i] ?? [], values)).toBeLessThan(1e-5 * norm(values)));
  });

  it.each([true, false])('clips and takes an AdamW step, with decay %s', async (decayed) => {
    const gpu = engineOf(kind);
    const length = 9000;
    const values = { weights: draw(length), gradients: draw(length), m: draw(length), v: draw(length).map(Math.abs) };
    const arrays = {
      weights: gpu.commands.upload(values.weights),
      gradients: gpu.commands.upload(values.gradients),
      m: gpu.commands.upload(values.m),
      v: gpu.commands.upload(values.v),
      numbers: gpu.commands.upload(new Float32Array(8)),
    };
    const parts = gpu.pool.allocate([squareParts(arrays.gradients)]);
    const options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, learningRate: 0.02, step: 3, decayed };
    sumSquares(gpu, arrays.gradients, parts, 0);
    clipping(gpu, parts, 2, arrays.numbers, 4);
    adamW(gpu, arrays, options, 4);
    const [numbers = [], weights, m, v] = await readAll(gpu, arrays.numbers, arrays.weights, arrays.m, arrays.v);
    const gradientNorm = norm(values.gradients);
    expect(Math.abs((numbers[4] ?? NaN) / gradientNorm - 1)).toBeLessThan(1e-6);
    const gradientScale = clipFactor(gradientNorm, 2);
    const next = tf.tidy(() => {
      const state = { parameter: tf.tensor1d(values.weights), m: tf.tensor1d(values.m), v: tf.tensor1d(values.v) };
      return adamWUpdate(state, tf.tensor1d(values.gradients), { ...options, gradientScale });
    });
    const expected = await tensorValues(next.parameter, next.m, next.v);
    [weights, m, v].forEach((own, i) =>
      expect(distance(own ?? [], expected[i] ?? [])).toBeLessThan(1e-6 * norm(expected[i] ?? [])),
    );
    for (const array of [arrays.gradients, parts]) gpu.pool.free(array);
  });

  it.each([NaN, Infinity])('leaves all weights alone when the loss is %f', async (loss) => {
    const gpu = engineOf(kind);
    const weights = draw(256);
    const arrays = {
      weights: gpu.commands.upload(weights),
      gradients: gpu.commands.upload(draw(256)),
      m: gpu.commands.upload(draw(256)),
      v: gpu.commands.upload(draw(256)),
      numbers: gpu.commands.upload(Float32Array.of(loss, 0, 0, 0, 0, 0, 0, 0)),
    };
    const parts = gpu.pool.allocate([squareParts(arrays.gradients)]);
    sumSquares(gpu, arrays.gradients, parts, 0);
    clipping(gpu, parts, 1, arrays.numbers, 4);
    const options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, learningRate: 0.02, step: 3 };
    adamW(gpu, arrays, { ...options, decayed: true }, 4);
    const [after] = await readAll(gpu, ...Object.values(arrays), parts);
    expect(after).toEqual(weights);
  });
});

describe('random numbers', () => {
  it('are those of the published Philox4x32-10', () => {
    // Known answers of Random123 1.14, kat_vectors: counter and key zero.
    const random = new Uint32Array(4);
    philox(0, 0, { seed: 0, step: 0, op: 0 }, random);
    expect([...random]).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  });
});

const tinyConfig = {
  layers: 1, hiddenSize: 8, heads: 2, intermediateSize: 8, typeVocabularySize: 2, layerNormEpsilon: 1e-12, hiddenDropout: 0, attentionDropout: 0,
}; // prettier-ignore
