import { describe, expect, it, vi } from 'vitest';
import { parameterShapes } from '../../../workers/engine/model/parameterShapes';
import { equalLengths, randomTexts } from '../../../workers/services/benchmark/randomTexts';

vi.mock('../../../workers/engine/model/parameterStore', () => ({
  ParameterStore: class {
    readonly values = new Map<string, Float32Array>();
    constructor(
      _engine: object,
      readonly tensors: object[],
    ) {}
    write = (name: string, values: Float32Array) => void this.values.set(name, values);
  },
}));
const { randomParameters } = await import('../../../workers/services/benchmark/randomParameters');

describe('the random texts of a benchmark', () => {
  it('have the lengths asked for, and tokens of the whole vocabulary', () => {
    const { ids, offsets } = randomTexts([3, 0, 500], 40, 1);
    expect([...offsets]).toEqual([0, 3, 3, 503]);
    expect([ids.length, Math.min(...ids), Math.max(...ids)]).toEqual([503, 0, 39]);
    expect(equalLengths(3, 7)).toEqual([7, 7, 7]);
  });

  it('are the same for the same salt and differ for another one', () => {
    expect(randomTexts([5], 1000, 1)).toEqual(randomTexts([5], 1000, 1));
    expect(randomTexts([5], 1000, 1).ids).not.toEqual(randomTexts([5], 1000, 2).ids);
  });
});

describe('the random weights of a benchmark', () => {
  const config = {
    ...{ layers: 1, hiddenSize: 8, heads: 2, intermediateSize: 16, vocabularySize: 10_000, maxPositions: 12 },
    ...{ typeVocabularySize: 2, layerNormEpsilon: 1e-12, hiddenDropout: 0, attentionDropout: 0, padTokenId: 0 },
  };
  const { tensors, values } = randomParameters({} as never, config) as never as {
    tensors: { name: string; shape: number[]; offset: number; length: number }[];
    values: Map<string, Float32Array>;
  };

  it('have every parameter of the model, each at the next multiple of 256 bytes', () => {
    expect(tensors.map(({ name, shape }) => ({ name, shape }))).toEqual(parameterShapes(config));
    let end = 0;
    for (const { name, shape, offset, length } of tensors) {
      expect(length, name).toBe(shape.reduce((product, side) => product * side, 1));
      expect(values.get(name)?.length, name).toBe(length);
      expect([offset % 64, offset >= end && offset < end + 64], name).toEqual([0, true]);
      end = offset + length;
    }
  });

  it('are within ±0.02 and not all alike, and those of LayerNorm are 1', () => {
    for (const [name, numbers] of values) {
      if (name.endsWith('LayerNorm.weight')) {
        expect(new Set(numbers), name).toEqual(new Set([1]));
        continue;
      }
      expect(
        numbers.every((value) => Math.abs(value) <= 0.0201),
        name,
      ).toBe(true);
      expect(new Set(numbers.subarray(0, 8)).size, name).toBeGreaterThan(4);
      const last = numbers.at(-1) ?? 0;
      expect(last !== 0 || numbers.length === 1, name).toBe(true);
    }
  });
});
