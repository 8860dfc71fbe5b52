import { describe, expect, it } from 'vitest';
import { examine } from '../../../../src/domain/train/doctor/examine';
import { rateKindOf } from '../../../../src/domain/train/doctor/rates';
import { recommendedSettings } from '../../../../src/domain/train/doctor/recommended';
import type { LossSettings } from '../../../../src/domain/train/lossSchema';
import { batchOf, experimentWith, factsWith } from './patient';

describe('a rate or temperature outside the usual range', () => {
  it('is a warning if it may destroy what the model knows, and advice if training is only slow', () => {
    const severities = (change: { temperature?: number; learningRate?: number }): string[] => {
      const experiment = experimentWith((stage) => ({
        ...batchOf(32),
        loss: { ...stage.loss, temperature: change.temperature ?? 0.05 } as LossSettings,
        optimizer: { ...stage.optimizer, learningRate: change.learningRate ?? 2e-4 },
      }));
      return examine(experiment, factsWith()).map(({ kind, severity }) => `${kind} ${severity}`);
    };
    expect(severities({ temperature: 0.001 })).toEqual(['temperatureLow warns']);
    expect(severities({ temperature: 1 })).toEqual(['temperatureHigh warns']);
    expect(severities({ learningRate: 1e-2 })).toEqual(['learningRateHigh warns']);
    expect(severities({ learningRate: 1e-6 })).toEqual(['learningRateLow advises']);
  });

  it('is not examined for a loss without temperature, or while the model is not known', () => {
    const triplet = experimentWith({
      ...batchOf(32),
      loss: { kind: 'triplet', distance: 'cosine', margin: 0.2 },
      negatives: { from: 'random', perAnchor: 1 },
    });
    expect(examine(triplet, factsWith())).toEqual([]);
    const fast = experimentWith((stage) => ({ ...batchOf(32), optimizer: { ...stage.optimizer, learningRate: 1 } }));
    expect(examine(fast, factsWith({ model: null }))).toEqual([]);
  });

  it('depends on whether the trained parameters are at most 2% of all', () => {
    const tensor = (name: string, length: number) => ({ name, shape: [length], offset: 0, length });
    const kindOf = (biases: number) =>
      rateKindOf({ strategy: { kind: 'bitFit', keywords: ['bias'] } }, [
        tensor('encoder.layer.0.output.dense.weight', 10_000 - biases),
        tensor('encoder.layer.0.output.dense.bias', biases),
      ]);
    expect([kindOf(200), kindOf(201)]).toEqual(['bitFit', 'full']);
  });

  it('may exceed 1e-3 for LoRA, unlike for BitFit', () => {
    expect(recommendedSettings(4.6e6, 5000, 'lora').learningRate).toBe(2e-3);
    expect(recommendedSettings(4.6e6, 5000, 'bitFit').learningRate).toBe(1e-3);
  });
});
