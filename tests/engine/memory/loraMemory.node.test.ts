import { describe, expect, it } from 'vitest';
import type { StepStrategy } from '../../../src/domain/memory/stepStrategy';
import type { EncoderConfig } from '../../../src/domain/model';
import { defaultLora } from '../../../src/domain/train/loraSchema';
import { adapterMemory, withAdapters } from '../../../workers/engine/memory/parameterCount';
import { stepMemoryNeed } from '../../../workers/engine/memory/stepMemory';
import { parameterShapes } from '../../../workers/engine/model/parameterShapes';
import { scratchBytes } from '../../../workers/engine/scratch';
import { bertBase } from '../configs';
import { countStep, small } from '../countStep';
import { tensorLayout } from '../tensorLayout';

const models: [string, EncoderConfig, number][] = [
  ['BERT-base', bertBase, 24],
  ['a small model', small, 40],
];
const stepStrategies: StepStrategy[] = [
  { kind: 'plain' },
  { kind: 'recompute' },
  { kind: 'gradCache', tokensPerPass: 512 },
];
const cases = models.flatMap(([model, config, pairs]) =>
  stepStrategies.flatMap((stepStrategy) =>
    [0, 0.1].map((dropout) => [model, stepStrategy.kind, dropout, { config, pairs, stepStrategy }] as const),
  ),
);

describe('a step that trains adapters of rank 8', () => {
  it.each(cases)(
    'stays within the memory plan: %s, %s, dropout of the adapters %f',
    async (model, kind, dropout, { config, pairs, stepStrategy }) => {
      const lora = { ...defaultLora, dropout };
      const length = 50;
      const found = await countStep(config, pairs, length, { stepStrategy, isTrainable: () => false, lora });
      if (config === small) expect(found.errors).toEqual([]);
      const adapters = adapterMemory(tensorLayout(parameterShapes(config)), { strategy: lora });
      const count = withAdapters({ all: found.parameters, trained: 0 }, adapters);
      const shape = { pairs, candidates: pairs, tokens: 2 * pairs * length, longest: length };
      const need = stepMemoryNeed(config, count, shape, stepStrategy);
      console.log(
        `${model}, LoRA, ${kind}: ${found.dispatches} dispatches, ` +
          `peak ${(found.peakBytes / need.total).toFixed(4)} of the plan`,
      );
      expect(found.peakBytes).toBeLessThan(1.02 * need.total);
      // The plan counts column sums that frozen weights do not need, and up to two buffers that others can reuse.
      expect(found.peakBytes).toBeGreaterThan(0.92 * (need.total - scratchBytes));
      if (config === bertBase) expect(found.momentBytes).toBeLessThanOrEqual(0.02 * 8 * found.parameters);
    },
  );
});
