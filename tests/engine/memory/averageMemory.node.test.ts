import { expect, it } from 'vitest';
import { defaultLora } from '../../../src/domain/train/loraSchema';
import { adapterMemory, withAdapters } from '../../../workers/engine/memory/parameterCount';
import { stepMemoryNeed } from '../../../workers/engine/memory/stepMemory';
import { parameterShapes } from '../../../workers/engine/model/parameterShapes';
import { countStep, expectPlanned, small } from '../countStep';
import { tensorLayout } from '../tensorLayout';

const [pairs, length, stepStrategy] = [40, 50, { kind: 'plain' } as const];
const shape = { pairs, candidates: pairs, tokens: 2 * pairs * length, longest: length };

it('a step that averages all weights needs the memory of the plan, and one dispatch more per segment', async () => {
  const found = await countStep(small, pairs, length, { stepStrategy, averaged: true });
  expect(found.errors).toEqual([]);
  const count = { all: found.parameters, trained: found.parameters };
  expectPlanned(found.peakBytes, stepMemoryNeed(small, { ...count, averaged: true }, shape, stepStrategy).total);
  const plain = await countStep(small, pairs, length, { stepStrategy });
  // Parameters with weight decay are one segment, and those without are another.
  expect(found.dispatches - plain.dispatches).toBe(2);
  const more = found.peakBytes - plain.peakBytes;
  expect(Math.abs(more / (4 * found.parameters) - 1)).toBeLessThan(0.01);
});

it('an average of adapters takes no more memory than the plan has for them', async () => {
  const found = await countStep(small, pairs, length, {
    stepStrategy,
    averaged: true,
    isTrainable: () => false,
    lora: defaultLora,
  });
  const adapters = adapterMemory(tensorLayout(parameterShapes(small)), { strategy: defaultLora });
  const count = withAdapters({ all: found.parameters, trained: 0, averaged: true }, adapters);
  expect(count.averaged).toBe(true);
  expect(found.peakBytes).toBeLessThan(1.02 * stepMemoryNeed(small, count, shape, stepStrategy).total);
});
