import { describe, expect, it } from 'vitest';
import type { Engine } from '../../workers/engine/engine';
import { freeTokens, uploadTokens } from '../../workers/engine/model/deviceTokens';
import { packTokens, type PackedTokens } from '../../workers/engine/model/packedTokens';
import { attentionBackward, attentionForward } from '../../workers/engine/ops/attention/attention';
import { probabilityDropoutMask } from '../reference/engine/ops/dropout';
import { engineKinds, useEngines, engineOf } from './engines';
import { takeArrays } from './takeArrays';
import { bertConfig, tinyConfig } from './configs';
import { tokenBatch } from './tokenBatch';

useEngines();

const config = bertConfig({ ...tinyConfig, maxPositions: 128 });
const place = { seed: 7, step: 3, op: 5, rate: 0.4, firstRow: 3 };
const scale = 1 / (1 - place.rate);
const heads = 2;

/** Head sizes with tiled kernels and without, with texts that end inside a tile, a quad and a block. */
const cases = [
  [32, [3, 70, 1, 33]],
  [64, [66, 31]],
  [12, [29, 5]],
] as const;

/** Masks of all texts and heads, row by row: whether each probability is kept. */
type Masks = boolean[][];

function eachHead(packed: PackedTokens, mask: (begin: number, length: number, head: number) => boolean[]): Masks {
  return Array.from({ length: packed.texts }, (_, text) => {
    const begin = packed.offsets[text] ?? 0;
    const length = (packed.offsets[text + 1] ?? 0) - begin;
    return Array.from({ length: heads }, (_, head) => mask(begin, length, head));
  }).flat();
}

/** Returns number `at` of a row, within one head. */
type Value = (row: number, at: number) => number;

/**
 * Encodes a row's position in its text in the `size` numbers of a head: number `position % size` is 2^(position div
 * size), and the others are 0. A sum over several positions then shows which of them were added.
 */
function positionDigit({ positions }: PackedTokens, size: number): Value {
  return (row, at) => ((positions[row] ?? 0) % size === at ? 2 ** Math.floor((positions[row] ?? 0) / size) : 0);
}

function hasDigit(sum: number, position: number, size: number): boolean {
  return (Math.round(sum) >> Math.floor(position / size)) % 2 === 1;
}

/** Runs attention with queries of zero, so that all keys of a text have the same probability. */
async function run(gpu: Engine, packed: PackedTokens, size: number, [key, value, dy]: readonly [Value, Value, Value]) {
  const hidden = heads * size;
  const upload = (parts: readonly Value[]) => {
    const width = parts.length * hidden;
    const number = (i: number): number => {
      const column = i % width;
      return parts[Math.floor(column / hidden)]?.(Math.floor(i / width), column % size) ?? NaN;
    };
    return gpu.commands.upload(
      Float32Array.from({ length: packed.rows * width }, (_, i) => number(i)),
      [packed.rows, width],
    );
  };
  const [qkv, gradient, tokens] = [upload([() => 0, key, value]), upload([dy]), uploadTokens(gpu, packed)];
  const { longest, squaredLengths } = packed;
  const inputs = { qkv, blocks: tokens.blocks, heads, longest, squaredLengths, dropout: place };
  const { y, saved } = attentionForward(gpu, inputs);
  const [outputs = [], gradients = []] = await takeArrays(gpu, y, attentionBackward(gpu, gradient, saved));
  for (const array of [qkv, gradient, saved.lse]) gpu.pool.free(array);
  freeTokens(gpu, tokens);
  return {
    y: (row: number, head: number, at: number): number => outputs[row * hidden + head * size + at] ?? NaN,
    gradient: (part: number, row: number, head: number, at: number): number =>
      gradients[(3 * row + part) * hidden + head * size + at] ?? NaN,
  };
}

describe.each(engineKinds)('the dropout masks of attention (%s)', (kind) => {
  it.each(cases)(
    'are those of the reference in all three kernels, for heads of size %i and texts of lengths %j',
    async (size, lengths) => {
      const texts = lengths.map((length) => new Array<number>(length).fill(5));
      const packed = packTokens(tokenBatch(texts), config, (tokens) => tokens + 3);
      const digit = positionDigit(packed, size);
      const gpu = engineOf(kind);
      // Forward: y is the sum of the digits of the keys that were kept.
      const forward = await run(gpu, packed, size, [() => 0, digit, digit]);
      // Backward: dv sums the digits of the queries. dP is a query's own digit for all keys, so dq sums the digits of
      // the keys, each times dS.
      const backward = await run(gpu, packed, size, [digit, () => 1, digit]);

      const square = (length: number, kept: (query: number, key: number) => boolean): boolean[] =>
        Array.from({ length: length ** 2 }, (_, i) => kept(Math.floor(i / length), i % length));
      const expected = eachHead(packed, (row, length, head) => {
        const mask = { row: row + place.firstRow, length, head, heads };
        return Array.from(probabilityDropoutMask(mask, place.rate, place), (factor) => factor > 0);
      });
      const ofForward = eachHead(packed, (begin, length, head) =>
        square(length, (i, j) => hasDigit((forward.y(begin + i, head, j % size) * length) / scale, j, size)),
      );
      const ofValues = eachHead(packed, (begin, length, head) =>
        square(length, (i, j) => hasDigit((backward.gradient(2, begin + j, head, i % size) * length) / scale, i, size)),
      );
      const ofQueries = eachHead(packed, (begin, length, head) =>
        square(length, (i, j) => {
          const own = digit(begin + i, i % size);
          // dq·√D·L = Σ digit_j · (own · factor − δ), over the keys that share number j % size.
          const delta = own * backward.y(begin + i, head, 0);
          const digits = 2 ** Math.ceil((length - (j % size)) / size) - 1;
          const sum = backward.gradient(0, begin + i, head, j % size) * Math.sqrt(size) * length;
          return hasDigit((sum + delta * digits) / own / scale, j, size);
        }),
      );
      expect(ofForward).toEqual(expected);
      expect(ofValues).toEqual(expected);
      expect(ofQueries).toEqual(expected);
    },
  );
});
