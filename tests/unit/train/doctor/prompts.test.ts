import { describe, expect, it } from 'vitest';
import type { Experiment } from '../../../../src/domain/experiment';
import type { PromptUse } from '../../../../src/domain/train/doctor/facts';
import { demoModel } from '../../tokenize/demoModel';
import { batchOf, experimentWith, factsWith, found, healthyTexts } from './patient';

type Defaults = ReturnType<typeof demoModel>['defaults'];
const stated = <T>(value: T) => ({ value, guessed: false });
const guessed = <T>(value: T) => ({ value, guessed: true });

function factsOf(name: string, defaults: Partial<Defaults>, prompts = healthyTexts.prompts) {
  const model = { ...demoModel({}), name, totalFloats: 102e6 };
  return factsWith({
    model: { ...model, defaults: { ...model.defaults, ...defaults } },
    texts: { ...healthyTexts, prompts },
  });
}
const nothingStated = { queryPrefix: guessed(''), passagePrefix: guessed('') };
const modelWith = (change: Partial<NonNullable<Experiment['model']>>): Experiment => {
  const experiment = experimentWith(batchOf(32));
  return { ...experiment, model: experiment.model && { ...experiment.model, ...change } };
};
const use = (prompt: string, training: number, evaluation = training): PromptUse => ({ prompt, training, evaluation });

describe('a pooling that differs from the usual one', () => {
  it('is a warning', () => {
    expect(found('pooling', modelWith({ pooling: 'cls' }))[0]?.severity).toBe('warns');
  });
});

describe('prefixes that differ from the usual ones', () => {
  const e5 = { queryPrefix: 'query: ', passagePrefix: 'passage: ' };

  it('are a warning with both prefixes if the model’s folder states only one of them', () => {
    const query = factsOf('unknown', { queryPrefix: stated('问：'), passagePrefix: guessed('') });
    expect(found('prefixes', modelWith({}), query)).toMatchObject([
      { severity: 'warns', facts: { usualQuery: '问：', usualPassage: '', by: 'model' } },
    ]);
    const passage = factsOf('unknown', { queryPrefix: guessed(''), passagePrefix: stated('文：') });
    expect(found('prefixes', modelWith({}), passage)).toMatchObject([
      { severity: 'warns', facts: { usualQuery: '', usualPassage: '文：', by: 'model' } },
    ]);
  });

  it('are said to come from the catalogue if the folder states neither', () => {
    expect(found('prefixes', modelWith({}), factsOf('bge-base-zh-v1.5', nothingStated))[0]?.facts.by).toBe('catalogue');
    const both = factsOf('e5-base', nothingStated);
    expect(found('prefixes', modelWith({}), both)[0]?.facts).toEqual({
      usualQuery: 'query: ',
      usualPassage: 'passage: ',
      by: 'catalogue',
    });
  });

  it('are reported if only the passages’ prefix differs', () => {
    const facts = factsOf('e5-base', nothingStated);
    expect(found('prefixes', modelWith({ queryPrefix: 'query: ' }), facts)).toMatchObject([
      { fix: { setting: 'prefixes', ...e5 } },
    ]);
  });

  it('are not missed on the side whose texts have them: from half of the texts on, in training or in evaluation', () => {
    const missing = (passages: PromptUse[], questions: PromptUse[] = []) =>
      found('prefixes', modelWith({}), factsOf('e5-base', nothingStated, { questions, passages }))[0]?.fix;
    expect(missing([use('passage:', 0.5)])).toMatchObject({ queryPrefix: 'query: ', passagePrefix: '' });
    expect(missing([use('passage:', 0, 0.5)])).toMatchObject({ queryPrefix: 'query: ', passagePrefix: '' });
    expect(missing([use('passage:', 0.49)])).toMatchObject(e5);
    expect(missing([use('文档：', 1)])).toMatchObject(e5);
    expect(missing([], [use('query: 1. ', 0.5)])).toMatchObject({ queryPrefix: '', passagePrefix: 'passage: ' });
  });

  it('count as usual before the texts are known', () => {
    const facts = { ...factsOf('e5-base', nothingStated), texts: null };
    expect(found('prefixes', modelWith({}), facts)[0]?.fix).toMatchObject(e5);
  });

  it('that consist of spaces are never found in texts', () => {
    const facts = factsOf(
      'unknown',
      { queryPrefix: stated(' '), passagePrefix: stated('') },
      { questions: [use('query:', 1)], passages: [] },
    );
    expect(found('prefixes', modelWith({}), facts)[0]?.facts.usualQuery).toBe(' ');
  });
});

describe('a prompt that is in the texts already', () => {
  const twice = (prompts: { questions: PromptUse[]; passages: PromptUse[] }) =>
    found('promptTwice', modelWith({ queryPrefix: '问：', passagePrefix: '文：' }), factsOf('x', {}, prompts));

  it('is a warning for its own side only, and the fix keeps the prefix of the other', () => {
    expect(twice({ questions: [use('问：', 0.7)], passages: [] })).toEqual([
      {
        kind: 'promptTwice',
        severity: 'warns',
        facts: { side: 'questions', prompt: '问：', share: 0.7 },
        fix: { setting: 'prefixes', queryPrefix: '', passagePrefix: '文：' },
      },
    ]);
    expect(twice({ questions: [], passages: [use('文：', 0.6, 0.9)] })).toEqual([
      {
        kind: 'promptTwice',
        severity: 'warns',
        facts: { side: 'passages', prompt: '文：', share: 0.9 },
        fix: { setting: 'prefixes', queryPrefix: '问：', passagePrefix: '' },
      },
    ]);
  });

  it('is not reported for texts that begin with the prefix of the other side', () => {
    expect(twice({ questions: [use('文：', 1)], passages: [use('问：', 1)] })).toEqual([]);
  });

  it('is not reported for texts that only end with the prefix', () => {
    expect(twice({ questions: [use('请回答问：', 1)], passages: [] })).toEqual([]);
  });

  it('is reported if it follows a prefix with a space', () => {
    const prefix = modelWith({ queryPrefix: 'query: ' });
    const prompts = { questions: [use('query:', 1)], passages: [] };
    expect(found('promptTwice', prefix, factsOf('x', {}, prompts))).toHaveLength(1);
  });
});

describe('a prompt that training and evaluation do not share', () => {
  it('is named by its longest form', () => {
    for (const order of [
      [use('问', 1, 0), use('问：', 1, 0.5)],
      [use('问：', 1, 0.5), use('问', 1, 0)],
    ])
      expect(
        found('promptMismatch', modelWith({}), factsOf('x', {}, { questions: order, passages: [] })).map(
          ({ facts }) => facts.prompt,
        ),
      ).toEqual(['问：']);
  });
});
