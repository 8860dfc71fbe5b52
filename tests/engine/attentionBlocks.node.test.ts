import { describe, expect, it } from 'vitest';
import { attentionBlocks } from '../../workers/engine/model/deviceTokens';
import { packTokens } from '../../workers/engine/model/packedTokens';
import { bertConfig, tinyConfig } from './configs';
import { tokenBatch } from './tokenBatch';

const lengths = [...Array.from({ length: 70 }, (_, i) => i + 1), 97, 128, 512];
const config = bertConfig({ ...tinyConfig, maxPositions: 512 });
const texts = lengths.map((length) => new Array<number>(length).fill(5));
const packed = packTokens(tokenBatch(texts), config, (tokens) => tokens + 3);

/** Block sizes of GPUs, of software adapters, and of wasm, where the blocks of a text have nearly equal lengths. */
const sizes = [
  [64, false],
  [4, false],
  [96, true],
] as const;

describe('the blocks of attention', () => {
  it.each(sizes)('cover every row once with as few blocks as possible: size %i, equal %s', (size, equal) => {
    const table = attentionBlocks(packed, size, equal);
    const blocks = Array.from({ length: table.length / 4 }, (_, i) => table.subarray(4 * i, 4 * i + 4));
    const rows = blocks.flatMap(([first = 0, count = 0]) => Array.from({ length: count }, (_, i) => first + i));
    expect(rows).toEqual(Array.from({ length: packed.rows }, (_, row) => row));
    expect(blocks).toHaveLength(lengths.reduce((sum, length) => sum + Math.ceil(length / size), 1));
    for (const [first = 0, count = 0, begin = 0, end = 0] of blocks) {
      expect(count).toBeLessThanOrEqual(size);
      expect((first - begin) % 4).toBe(0);
      if (first < packed.tokens) expect(first + count).toBeLessThanOrEqual(end);
      else expect(end).toBe(begin);
    }
  });

  it('count the pairs of tokens that attend to each other', () => {
    expect(packed.squaredLengths).toBe(lengths.reduce((sum, length) => sum + length ** 2, 0));
  });
});
