import { describe, expect, it } from 'vitest';
import { freeTokens, uploadTokens } from '../../workers/engine/model/deviceTokens';
import { packTokens } from '../../workers/engine/model/packedTokens';
import { attentionBackward, attentionForward } from '../../workers/engine/ops/attention/attention';
import { dropoutMask } from '../reference/engine/ops/dropout';
import { dropoutApply } from '../../workers/engine/ops/dropout/dropout';
import { matmul } from '../../workers/engine/ops/matmul/matmul';
import { engineKinds, useEngines, engineOf } from './engines';
import { takeArrays } from './takeArrays';
import { takeTensors } from './takeTensors';
import { tinyConfig } from './configs';
import { randomDraws } from './random';
import { tokenBatch } from './tokenBatch';
import { philox } from '../../src/domain/random';
import { expectClose } from './differences';

useEngines();
const { draw } = randomDraws(25);

describe.each(engineKinds)('dropout (%s)', (kind) => {
  it('drops the same elements as the reference mask', async () => {
    const gpu = engineOf(kind);
    const place = { seed: 11, step: 4, op: 2, rate: 0.25 };
    const x = draw(13, 7);
    const X = gpu.commands.upload(x, [13, 7]);
    const [own] = await takeArrays(gpu, dropoutApply(gpu, X, place));
    const [mask = []] = await takeTensors(dropoutMask([13, 7], place.rate, place));
    expect(Array.from(own ?? [], (value) => value + 0)).toEqual(
      Array.from(x, (value, i) => Math.fround(value * (mask[i] ?? NaN)) + 0),
    );
    gpu.pool.free(X);
  });

  it.each([4, 7])(
    'drops the same elements whether it gets rows 3 to 8 or the whole array, for rows of width %i',
    async (width) => {
      const gpu = engineOf(kind);
      const place = { seed: 11, step: 4, op: 2, rate: 0.25 };
      const X = gpu.commands.upload(draw(13 * width).fill(1), [13, width]);
      const part = gpu.commands.upload(draw(6 * width).fill(1), [6, width]);
      const [whole, own] = await takeArrays(
        gpu,
        dropoutApply(gpu, X, place),
        dropoutApply(gpu, part, { ...place, firstRow: 3 }),
      );
      expect(own).toEqual(whole?.subarray(3 * width, 9 * width));
      for (const array of [X, part]) gpu.pool.free(array);
    },
  );

  it.each([
    [8, 6],
    [6, 6],
    [6, 5],
  ])(
    'drops the same elements of a text with and without the rest of its batch: width %i, first row %i',
    async (hidden, before) => {
      const gpu = engineOf(kind);
      const heads = 2;
      const place = { seed: 7, step: 3, op: 5, rate: 0.4 };
      const first = Array.from({ length: before }, (_, i) => i + 1);
      const both = packTokens(tokenBatch([first, [7, 8, 9]]), tinyConfig);
      const second = packTokens(tokenBatch([[7, 8, 9]]), tinyConfig);
      const [qkv, weight] = [draw(before + 3, 3 * hidden), draw(hidden, hidden)];
      const W = gpu.commands.upload(weight, [hidden, hidden]);
      const results: Float32Array[] = [];
      for (const [packed, firstRow] of [
        [both, 0],
        [second, before],
      ] as const) {
        const tokens = uploadTokens(gpu, packed);
        const dropout = { ...place, firstRow };
        const Qkv = gpu.commands.upload(qkv.slice(firstRow * 3 * hidden), [packed.rows, 3 * hidden]);
        const { y, saved } = attentionForward(gpu, {
          qkv: Qkv,
          blocks: tokens.blocks,
          heads,
          longest: packed.longest,
          squaredLengths: packed.squaredLengths,
          dropout,
        });
        const product = gpu.pool.allocate([packed.rows, hidden]);
        matmul(gpu, 'NT', y, W, product, { dropout });
        const dqkv = attentionBackward(gpu, product, saved);
        results.push(...(await takeArrays(gpu, y, product, dqkv)));
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
});

describe('the random number generator', () => {
  it('reproduces the published known answer of Philox4x32-10', () => {
    // From kat_vectors of Random123 1.14, where counter and key are zero.
    expect(philox([0, 0, 0, 0], [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  });
});
