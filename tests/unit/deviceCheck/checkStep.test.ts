import { describe, expect, it } from 'vitest';
import { parameterShapes } from '../../../workers/engine/model/parameterShapes';
import { checkStep } from '../../../workers/services/deviceCheck/checkStep';

const range = (values: Iterable<number>): [least: number, most: number] => {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) [least, most] = [Math.min(least, value), Math.max(most, value)];
  return [least, most];
};

describe.each([
  ['full', 16, [8, 24], [32, 104]],
  ['small', 4, [3, 8], [6, 16]],
] as const)('the training step of the %s device check', (size, pairs, anchorTokens, positiveTokens) => {
  const step = checkStep(size);

  it('is the same every time, so devices can be compared', () => {
    const again = checkStep(size);
    expect([again.anchors, again.positives]).toEqual([step.anchors, step.positives]);
    const bias = 'embeddings.LayerNorm.bias';
    expect(again.weights.get(bias)).toEqual(step.weights.get(bias));
  });

  it('has a weight for every number of every parameter, drawn from its own stream', () => {
    const shapes = parameterShapes(step.config);
    expect([...step.weights.keys()]).toEqual(shapes.map(({ name }) => name));
    for (const { name, shape } of shapes)
      expect(step.weights.get(name)?.length, name).toBe(shape.reduce((product, side) => product * side, 1));
    const firsts = [...step.weights.values()].map((values) => values[0]);
    expect(new Set(firsts).size).toBe(firsts.length);
  });

  it('has weights between ±0.2, biases between ±0.1 and LayerNorm weights around 1', () => {
    for (const { name, shape } of parameterShapes(step.config)) {
      const values = step.weights.get(name) ?? [];
      const centre = name.endsWith('LayerNorm.weight') ? 1 : 0;
      const half = shape.length > 1 ? 0.2 : 0.1;
      const [least, most] = range(values);
      expect(least, name).toBeGreaterThanOrEqual(centre - half - 1e-6);
      expect(most, name).toBeLessThanOrEqual(centre + half + 1e-6);
      expect(most - least, name).toBeGreaterThan(1.5 * half);
    }
  });

  it('has texts of varied lengths, whose tokens are in the vocabulary and never padding', () => {
    for (const [texts, [least, most]] of [
      [step.anchors, anchorTokens],
      [step.positives, positiveTokens],
    ] as const) {
      expect(texts).toHaveLength(pairs);
      const lengths = texts.map(({ length }) => length);
      expect(new Set(lengths).size).toBeGreaterThan(1);
      const [shortest, longest] = range(lengths);
      expect(shortest).toBeGreaterThanOrEqual(least);
      expect(longest).toBeLessThanOrEqual(most);
      const [lowest, highest] = range(texts.flat());
      expect(lowest).toBeGreaterThanOrEqual(1);
      expect(highest).toBeLessThan(step.config.vocabularySize);
      expect(highest).toBeGreaterThan(step.config.vocabularySize * 0.8);
      expect(longest).toBeLessThanOrEqual(step.config.maxPositions);
    }
  });
});

it('the full device check has enough tokens for weight gradients that are sums of several chunks', () => {
  const { anchors, positives } = checkStep('full');
  expect([...anchors, ...positives].flat().length).toBeGreaterThan(1024);
});
