import { describe, expect, it } from 'vitest';
import type { Stage } from '../../../../src/domain/experiment';
import { modelSize, recommendedSettings } from '../../../../src/domain/train/doctor/recommended';
import { strategyPresets, withStrategyPreset } from '../../../../src/domain/train/strategyPresets';
import { parameterShapes } from '../../../../workers/engine/model/parameterShapes';
import { bertBase as bertBaseConfig } from '../../../engine/configs';
import { tensorLayout } from '../../../engine/tensorLayout';
import { demoModel } from '../../tokenize/demoModel';
import { afterFix, experimentWith, factsWith, found } from './patient';

const withTemperature = (temperature: number) => (stage: Stage) => ({ loss: { ...stage.loss, temperature } });
const withRate = (learningRate: number) => (stage: Stage) => ({ optimizer: { ...stage.optimizer, learningRate } });
const factsOf = (parameters: number) => factsWith({ model: { ...demoModel({}), totalFloats: parameters } });
const [demo, bgeSmall, bertBase, xlmRobertaLarge] = [4.6e6, 24e6, 102e6, 560e6];

describe('a temperature', () => {
  it('is reported below 0.01 and above 0.1, with the weight of a negative that scores 0.1 lower', () => {
    for (const usual of [0.01, 0.05, 0.1]) {
      expect(found('temperatureLow', experimentWith(withTemperature(usual)))).toEqual([]);
      expect(found('temperatureHigh', experimentWith(withTemperature(usual)))).toEqual([]);
    }
    expect(found('temperatureLow', experimentWith(withTemperature(0.0099)))).toHaveLength(1);
    const [high] = found('temperatureHigh', experimentWith(withTemperature(0.101)));
    expect(high?.facts.weight).toBeCloseTo(0.3716, 3);
  });

  it('is not examined in a stage whose loss has none', () => {
    const loss = { kind: 'triplet', distance: 'cosine', margin: 0.2 } as const;
    const experiment = experimentWith({ loss, negatives: { from: 'random', perAnchor: 1 } });
    expect(found('temperatureLow', experiment)).toEqual([]);
    expect(found('temperatureHigh', experiment)).toEqual([]);
  });

  it('is not examined in a distillation, where 1 is usual', () => {
    const distilling = (temperature: number) => experimentWith({ loss: { kind: 'distillation', temperature } });
    expect(found('temperatureLow', distilling(0.001))).toEqual([]);
    expect(found('temperatureHigh', distilling(1))).toEqual([]);
  });

  it('is set to the nearest usual one by the fix', () => {
    expect(afterFix('temperatureLow', experimentWith(withTemperature(0.001)), () => factsWith())).toEqual([]);
    expect(afterFix('temperatureHigh', experimentWith(withTemperature(1)), () => factsWith())).toEqual([]);
    const fixOf = (t: number) =>
      found(t < 0.01 ? 'temperatureLow' : 'temperatureHigh', experimentWith(withTemperature(t)))[0]?.fix;
    expect([fixOf(0.001), fixOf(1)]).toMatchObject([{ value: 0.02 }, { value: 0.05 }]);
  });
});

describe('a learning rate', () => {
  it('of 2e-4 suits the demo model and is far too high for BERT-base', () => {
    expect(found('learningRateHigh', experimentWith(withRate(2e-4)), factsOf(demo))).toEqual([]);
    const [finding] = found('learningRateHigh', experimentWith(withRate(2e-4)), factsOf(bertBase));
    expect(finding).toMatchObject({ severity: 'warns', facts: { recommended: 2e-5, size: 'base', rateKind: 'full' } });
  });

  it.each([
    [demo, 2e-4],
    [bgeSmall, 5e-5],
    [bertBase, 2e-5],
    [xlmRobertaLarge, 1e-5],
  ])('is reported if it is more than 4 times too high or too low for %d parameters', (parameters, usual) => {
    const facts = factsOf(parameters);
    for (const rate of [usual / 4, usual, usual * 4]) {
      expect(found('learningRateHigh', experimentWith(withRate(rate)), facts)).toEqual([]);
      expect(found('learningRateLow', experimentWith(withRate(rate)), facts)).toEqual([]);
    }
    expect(found('learningRateHigh', experimentWith(withRate(usual * 4.1)), facts)).toHaveLength(1);
    expect(found('learningRateLow', experimentWith(withRate(usual / 4.1)), facts)).toHaveLength(1);
  });

  it('is set to the usual one by the fix, in the stage that the finding is about', () => {
    const two = experimentWith(withRate(2e-5), withRate(1e-2));
    expect(found('learningRateHigh', two, factsOf(bertBase))[0]?.stage).toBe(1);
    expect(afterFix('learningRateHigh', two, () => factsOf(bertBase))).toEqual([]);
    expect(afterFix('learningRateLow', experimentWith(withRate(0)), () => factsOf(bertBase))).toEqual([]);
  });
});

describe('the learning rate of a stage that trains only biases', () => {
  const tensor = (name: string, length: number) => ({ name, shape: [length], offset: 0, length });
  const tensors = [
    tensor('encoder.layer.0.output.dense.weight', 99_900),
    tensor('encoder.layer.0.output.dense.bias', 100),
  ];
  const facts = factsWith({ model: { ...demoModel({}), totalFloats: bertBase, tensors } });
  const bitFit = (keywords: string[], rate: number) =>
    experimentWith(withRate(2e-5), (stage) => ({ ...withRate(rate)(stage), strategy: { kind: 'bitFit', keywords } }));

  it('may be far higher than that of a full stage, and is reported for its own stage', () => {
    expect(found('learningRateHigh', bitFit(['bias'], 1e-3), facts)).toEqual([]);
    const [low] = found('learningRateLow', bitFit(['bias'], 2e-5), facts);
    expect(low).toMatchObject({ stage: 1, facts: { recommended: 4e-4, rateKind: 'bitFit' } });
    expect(afterFix('learningRateLow', bitFit(['bias'], 2e-5), () => facts)).toEqual([]);
    expect(found('learningRateHigh', bitFit(['bias'], 1.7e-3), facts)).toHaveLength(1);
  });

  it('is that of a full stage if the keywords name whole matrices', () => {
    expect(found('learningRateHigh', bitFit(['dense'], 1e-3), facts)).toMatchObject([{ facts: { rateKind: 'full' } }]);
  });
});

describe('the learning rate that a strategy preset sets', () => {
  it.each([
    ['the demo model', demoModel({}).config, 2e-4],
    ['BERT-base', bertBaseConfig, 2e-5],
  ])('is the usual one for %s, so it is never reported', (_name, config, fullRate) => {
    const tensors = tensorLayout(parameterShapes(config));
    const totalFloats = tensors.reduce((sum, { length }) => sum + length, 0);
    const facts = factsWith({ model: { ...demoModel({}), config, tensors, totalFloats } });
    for (const preset of strategyPresets) {
      const chosen = withStrategyPreset(experimentWith(withRate(fullRate)), preset, modelSize(totalFloats));
      expect(found('learningRateHigh', chosen, facts)).toEqual([]);
      expect(found('learningRateLow', chosen, facts)).toEqual([]);
      for (const { strategy, optimizer } of chosen.stages)
        expect(optimizer.learningRate).toBe(recommendedSettings(totalFloats, 960, strategy.kind).learningRate);
    }
  });
});

describe('the recommended settings', () => {
  it('state a higher learning rate for BitFit than for all parameters, but at most 1e-3', () => {
    const rateOf = (parameters: number, by: Stage['strategy']['kind']) =>
      recommendedSettings(parameters, 5000, by).learningRate;
    expect([demo, bgeSmall, bertBase, xlmRobertaLarge].map((n) => rateOf(n, 'full'))).toEqual([2e-4, 5e-5, 2e-5, 1e-5]);
    expect([demo, bgeSmall, bertBase, xlmRobertaLarge].map((n) => rateOf(n, 'bitFit'))).toEqual([
      1e-3, 1e-3, 4e-4, 2e-4,
    ]);
    expect([rateOf(bertBase, 'lora'), rateOf(bertBase, 'prefix')]).toEqual([2e-4, 1e-4]);
  });

  it('change size at 15, 80 and 200 million parameters', () => {
    const sizes = [15e6, 15e6 + 1, 80e6, 80e6 + 1, 200e6, 200e6 + 1];
    expect(sizes.map((n) => modelSize(n))).toEqual(['tiny', 'small', 'small', 'base', 'base', 'large']);
  });

  it('state more epochs and smaller batches for less data', () => {
    const at = (pairs: number) => recommendedSettings(demo, pairs, 'full');
    expect([100, 999, 1000, 9999, 10_000].map((pairs) => at(pairs).epochs)).toEqual([5, 5, 3, 3, 2]);
    expect([10, 320, 639, 640, 1280, 1e6].map((pairs) => at(pairs).batchSize)).toEqual([8, 16, 16, 32, 64, 64]);
  });
});
