import { beforeAll, describe, expect, it } from 'vitest';
import golden from '../fixtures/engine/models.json';
import { hiddenStates } from './hiddenStates';
import { hasSharedModels, loadSharedModel } from './sharedModels';
import { tokenBatch } from './tokenBatch';
import { openTestDevice } from './testDevice';
import { maxDifference } from './differences';
import { expectNoLeak } from './expectNoLeak';

beforeAll(openTestDevice);

describe.skipIf(!hasSharedModels)('the models of ../shared (skipped if ../shared is absent)', () => {
  it.each(['demo-zh', 'e5-small-zh'] as const)(
    "match transformers' last hidden states within 2e-4: %s",
    async (name) => {
      await expectNoLeak(async () => {
        const { config, parameters } = await loadSharedModel(name);
        const texts = golden.models[name];
        const hidden = await hiddenStates(parameters, config, tokenBatch(texts.map(({ ids }) => ids)));
        const width = config.hiddenSize;
        let begin = 0;
        for (const { ids, rows, hidden: expected, sum, squares } of texts) {
          const own = hidden.subarray(begin * width, (begin + ids.length) * width);
          const kept = rows.flatMap((row) => [...own.subarray(row * width, (row + 1) * width)]);
          expect(maxDifference(kept, expected)).toBeLessThan(2e-4);
          expect(Math.abs(own.reduce((total, value) => total + value, 0) - sum)).toBeLessThan(1e-4 * own.length);
          expect(Math.abs(own.reduce((total, value) => total + value * value, 0) / squares - 1)).toBeLessThan(1e-4);
          begin += ids.length;
        }
        parameters.dispose();
      });
    },
  );
});
