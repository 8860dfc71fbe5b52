import { describe, expect, it } from 'vitest';
import type { Experiment, Stage } from '../../../../src/domain/experiment';
import { catalogued } from '../../../../src/domain/modelCatalogue';
import { examine } from '../../../../src/domain/train/doctor/examine';
import { usualSettings, withUsualSettings } from '../../../../src/domain/train/doctor/usualSettings';
import { demoModel } from '../../tokenize/demoModel';
import { afterFix, batchOf, experimentWith, factsWith, found, healthyTexts, splitOf } from './patient';

const guessed = <T>(value: T) => ({ value, guessed: true });
/** Facts of a model whose folder states nothing but weights. */
function unstated(name: string, hub?: string) {
  const model = { ...demoModel({}), name, totalFloats: 102e6 };
  const defaults = {
    ...model.defaults,
    ...{ pooling: guessed('mean' as const), queryPrefix: guessed(''), passagePrefix: guessed('') },
  };
  const origin = hub === undefined ? {} : { hub: { host: 'h', id: hub, commit: 'c' } };
  return factsWith({ model: { ...model, defaults, ...origin } });
}
const modelWith = (change: Partial<NonNullable<Experiment['model']>>): Experiment => {
  const experiment = experimentWith(batchOf(32));
  return { ...experiment, model: experiment.model && { ...experiment.model, ...change } };
};

describe('the catalogue of models', () => {
  it('knows a model by the last part of its id or folder, in any letter case', () => {
    expect(catalogued('BAAI/bge-base-zh-v1.5')).toMatchObject({ pooling: 'cls', passagePrefix: '' });
    expect(catalogued('moka-ai/M3E-base')).toMatchObject({ pooling: 'mean', queryPrefix: '' });
    expect(catalogued('multilingual-e5-small')).toMatchObject({ queryPrefix: 'query: ', passagePrefix: 'passage: ' });
    expect(catalogued('my-bge-base-zh')).toBeNull();
    expect(catalogued('multilingual-e5-large-instruct')).toBeNull();
  });
});

describe('a pooling', () => {
  it('is reported if it differs from what the folder states, or else from the catalogue', () => {
    expect(found('pooling', modelWith({ pooling: 'cls' }))).toMatchObject([{ facts: { usual: 'mean', by: 'model' } }]);
    expect(found('pooling', modelWith({ pooling: 'mean' }))).toEqual([]);
    const bge = unstated('x', 'BAAI/bge-base-zh-v1.5');
    expect(found('pooling', modelWith({ pooling: 'mean' }), bge)).toMatchObject([{ facts: { by: 'catalogue' } }]);
    expect(found('pooling', modelWith({ pooling: 'cls' }), bge)).toEqual([]);
    expect(found('pooling', modelWith({ pooling: 'cls' }), unstated('unknown'))).toEqual([]);
  });

  it('is set to the usual one by the fix', () => {
    expect(afterFix('pooling', modelWith({ pooling: 'mean' }), () => unstated('bge-small-zh'))).toEqual([]);
  });
});

describe('the prefixes', () => {
  it('are advised if the model needs none, and a warning if it loses much without them', () => {
    expect(found('prefixes', modelWith({}), unstated('bge-base-zh-v1.5'))).toMatchObject([{ severity: 'advises' }]);
    expect(found('prefixes', modelWith({}), unstated('e5-base-v2'))).toMatchObject([{ severity: 'warns' }]);
    expect(found('prefixes', modelWith({}), unstated('m3e-base'))).toEqual([]);
    const own = { queryPrefix: 'query: ', passagePrefix: 'passage: ' };
    expect(found('prefixes', modelWith(own), unstated('e5-base-v2'))).toEqual([]);
  });

  it('are set to the usual ones by the fix', () => {
    expect(afterFix('prefixes', modelWith({}), () => unstated('e5-base-v2'))).toEqual([]);
    expect(afterFix('prefixes', modelWith({ queryPrefix: '问：' }), () => factsWith())).toEqual([]);
  });

  it('are not missed if the texts begin with them already', () => {
    const prompts = { questions: [{ prompt: 'query:', training: 1, evaluation: 1 }], passages: [] };
    const facts = { ...unstated('e5-base-v2'), texts: { ...healthyTexts, prompts } };
    expect(found('prefixes', modelWith({ passagePrefix: 'passage: ' }), facts)).toEqual([]);
  });
});

describe('prompts in the texts', () => {
  const promptsOf = (training: number, evaluation: number) =>
    factsWith({
      texts: { ...healthyTexts, prompts: { questions: [{ prompt: '请回答：', training, evaluation }], passages: [] } },
    });

  it('are reported if the shares of texts with them differ by half between training and evaluation, in either direction', () => {
    expect(found('promptMismatch', modelWith({}), promptsOf(0.99, 0.5))).toEqual([]);
    expect(found('promptMismatch', modelWith({}), promptsOf(1, 0.5))).toMatchObject([
      { severity: 'warns', facts: { side: 'questions', prompt: '请回答：', training: 1, evaluation: 0.5 } },
    ]);
    expect(found('promptMismatch', modelWith({}), promptsOf(0, 0.5))).toHaveLength(1);
  });

  it('are reported as added twice if half of the texts begin with the prefix that is added', () => {
    const prefix = modelWith({ queryPrefix: '请回答：' });
    expect(found('promptTwice', prefix, promptsOf(0.49, 0.49))).toEqual([]);
    expect(found('promptTwice', prefix, promptsOf(0.5, 0.5))).toHaveLength(1);
    expect(found('promptTwice', modelWith({ queryPrefix: '问：' }), promptsOf(1, 1))).toEqual([]);
    expect(afterFix('promptTwice', prefix, () => promptsOf(1, 1))).toEqual([]);
  });
});

describe('the duration', () => {
  const lasting = (duration: Stage['duration'], batchSize = 16) => experimentWith({ duration, ...batchOf(batchSize) });
  const epochs = (value: number) => ({ unit: 'epochs', value }) as const;
  const pairs = (n: number) => factsWith({ split: splitOf(n) });

  it('is reported as short below 40 steps, unless even the most epochs make fewer', () => {
    expect(found('fewSteps', lasting(epochs(2)), pairs(320))).toEqual([]);
    expect(found('fewSteps', lasting(epochs(2)), pairs(319))).toMatchObject([
      { severity: 'advises', facts: { steps: 39, enough: 40 }, fix: { setting: 'epochs', value: 3 } },
    ]);
    expect(found('fewSteps', lasting(epochs(10)), pairs(32))).toEqual([]);
    expect(found('fewSteps', lasting({ unit: 'steps', value: 39 }), pairs(9000))).toHaveLength(1);
    expect(found('fewSteps', lasting({ unit: 'steps', value: 40 }), pairs(9000))).toEqual([]);
  });

  it('counts the steps of several batches each, if they accumulate gradients', () => {
    const batching = { kind: 'seeded', batchSize: 8, avoidDuplicatePassages: true, accumulation: 2 } as const;
    const accumulating = experimentWith({ duration: epochs(2), batching });
    expect(found('fewSteps', accumulating, pairs(320))).toEqual([]);
    expect(found('fewSteps', accumulating, pairs(319))).toMatchObject([{ facts: { steps: 39, enough: 40 } }]);
  });

  it.each([20, 100, 319, 999])('is long enough after the fix with %d pairs', (n) => {
    const short = lasting(epochs(0.5));
    expect(afterFix('fewSteps', short, () => pairs(n))).toEqual([]);
  });

  it.each([
    [999, 10],
    [1000, 6],
    [10_000, 5],
  ])('is reported as long with %d pairs above %d epochs', (n, most) => {
    expect(found('manyEpochs', lasting(epochs(most)), pairs(n))).toEqual([]);
    expect(found('manyEpochs', lasting(epochs(most + 0.1)), pairs(n))).toMatchObject([{ facts: { most } }]);
    expect(afterFix('manyEpochs', lasting(epochs(50)), () => pairs(n))).toEqual([]);
    const steps = Math.floor((n * (most + 1)) / 16);
    expect(afterFix('manyEpochs', lasting({ unit: 'steps', value: steps }), () => pairs(n))).toEqual([]);
  });

  it('of a long run is a warning if the last step is kept, because dev cannot choose an earlier one', () => {
    const long = lasting(epochs(20));
    expect(found('manyEpochs', long)[0]?.severity).toBe('advises');
    const last = { ...long, evaluation: { ...long.evaluation, checkpoint: 'last' as const } };
    expect(found('manyEpochs', last)[0]?.severity).toBe('warns');
    const noDev = factsWith({ split: splitOf(960, { dev: 0 }) });
    expect(found('manyEpochs', long, noDev)[0]?.severity).toBe('warns');
  });
});

describe('an average of the weights', () => {
  const averaging = (decay: number, steps: number) =>
    experimentWith({ ema: { decay }, duration: { unit: 'steps', value: steps }, ...batchOf(16) });

  it('is reported if more than a tenth of it still comes from the initial weights of the stage', () => {
    expect(found('emaTooSlow', averaging(0.999, 2301))).toMatchObject([{ facts: { decay: 0.999, steps: 2301 } }]);
    expect(found('emaTooSlow', averaging(0.999, 2302))).toEqual([]);
    expect(found('emaTooSlow', experimentWith(batchOf(16)))).toEqual([]);
  });

  it.each([20, 60, 500])('spans a tenth of %d steps after the fix', (steps) => {
    const [finding] = found('emaTooSlow', averaging(0.9999, steps));
    expect(finding?.fix).toEqual({ setting: 'emaDecay', value: Number((1 - 10 / steps).toPrecision(3)) });
    expect(afterFix('emaTooSlow', averaging(0.9999, steps), () => factsWith())).toEqual([]);
  });

  it('has no fix in a stage of very few steps', () => {
    const [finding] = found('emaTooSlow', averaging(0.99, 3));
    expect(finding).toBeDefined();
    expect(finding?.fix).toBeUndefined();
  });
});

describe('the usual settings of a stage', () => {
  const facts = factsWith({ split: splitOf(9000, { trainPassages: 40 }) });

  it('follow from model, data and strategy, with no larger batch than there are different passages', () => {
    const usual = usualSettings(experimentWith(), 0, { ...facts, model: { ...demoModel({}), totalFloats: 102e6 } });
    expect(usual).toMatchObject({ rate: { recommended: 2e-5 }, batchSize: 40, epochs: 3, pairs: 9000 });
    expect(usualSettings(experimentWith(), 1, facts)).toBeNull();
    expect(usualSettings(experimentWith(), 0, { ...facts, split: null })).toBeNull();
  });

  it('have no finding themselves and change one stage only', () => {
    const two = experimentWith(batchOf(2), { duration: { unit: 'steps', value: 1 }, ...batchOf(2) });
    for (const pairs of [100, 960, 20_000]) {
      const ofPairs = factsWith({ split: splitOf(pairs) });
      const usual = usualSettings(two, 1, ofPairs);
      const changed = usual && withUsualSettings(two, 1, usual);
      expect(changed?.stages[0]).toEqual(two.stages[0]);
      expect(changed && examine(changed, ofPairs).filter(({ stage }) => stage === 1)).toEqual([]);
    }
  });
});
