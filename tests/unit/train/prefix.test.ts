import { describe, expect, it } from 'vitest';
import { defaultExperiment, defaultStage, type Stage } from '../../../src/domain/experiment';
import { parseExperiment } from '../../../src/domain/parseExperiment';
import {
  initialPrefixRows,
  prefixOf,
  prefixRowsName,
  promptsAfter,
  withPrefixRows,
} from '../../../src/domain/train/prefix';
import { knownTokens } from '../../../src/domain/train/prefixRefusal';
import { defaultPrefix, type PrefixStrategy } from '../../../src/domain/train/prefixSchema';
import { strategyRefusal } from '../../../src/domain/train/runRefusal';
import { withStrategy } from '../../../src/domain/train/strategyEdits';
import { strategyPresetOf, withStrategyPreset } from '../../../src/domain/train/strategyPresets';
import { optimizerFloats, trainedParameters } from '../../../src/domain/train/trainedParameters';
import { parameterShapes } from '../../../workers/engine/model/parameterShapes';
import { trainedTableFloats } from '../../../workers/engine/model/segmentLayout';
import { refuseUnsuitedPrefix, withTokens } from '../../../workers/services/tokenize/prefixTokens';
import { bertBase } from '../../engine/configs';
import { tensorLayout } from '../../engine/tensorLayout';
import { demoFiles, demoModel } from '../tokenize/demoModel';

const tensors = tensorLayout(parameterShapes(bertBase));
const stageOf = (change: Partial<PrefixStrategy> = {}): Stage => ({
  ...defaultStage(),
  strategy: { ...defaultPrefix, ...change },
});
const withStage = (strategy: unknown) => ({ ...defaultExperiment(), stages: [{ ...defaultStage(), strategy }] });

describe('a prefix in an experiment file', () => {
  it('has 8 tokens before queries by default, and needs version 2', () => {
    const { stages, schemaVersion } = parseExperiment(withStage({ kind: 'prefix' }));
    expect(stages[0]?.strategy).toEqual({ kind: 'prefix', tokens: 8, side: 'queries' });
    expect(schemaVersion).toBe(2);
    const named = { kind: 'prefix', tokens: ['[a]', '[b]'], side: 'both' };
    expect(parseExperiment(withStage(named)).stages[0]?.strategy).toEqual(named);
  });

  it.each([
    [{ tokens: 0 }, 'stages.0.strategy.tokens'],
    [{ tokens: 65 }, 'stages.0.strategy.tokens'],
    [{ tokens: 1.5 }, 'stages.0.strategy.tokens'],
    [{ tokens: [] }, 'stages.0.strategy.tokens'],
    [{ tokens: 'x' }, 'stages.0.strategy.tokens'],
    [{ tokens: ['a', 'a'] }, 'stages.0.strategy.tokens'],
    [{ tokens: ['[a]', 'a b'] }, 'stages.0.strategy.tokens.1'],
    [{ tokens: ['12'] }, 'stages.0.strategy.tokens.0'],
    [{ tokens: ['a,b'] }, 'stages.0.strategy.tokens.0'],
    [{ side: 'passages' }, 'stages.0.strategy.side'],
    [{ length: 3 }, 'stages.0.strategy.length'],
  ])('is refused with the path of the setting that makes no sense: %j', (change, path) => {
    expect(() => parseExperiment(withStage({ kind: 'prefix', ...change }))).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ kind: 'experiment-invalid', path }) as unknown }),
    );
  });

  it('is chosen by the preset that warms up all weights first', () => {
    const { stages } = withStrategyPreset(defaultExperiment(), 'fullThenPrefix', 'tiny');
    expect(stages.map(({ strategy }) => strategy)).toEqual([{ kind: 'full' }, defaultPrefix]);
    expect(strategyPresetOf(stages)).toBe('fullThenPrefix');
    const [full, prefix] = stages.map(({ optimizer }) => optimizer.learningRate);
    expect(prefix).toBeCloseTo(5 * (full ?? NaN), 9);
    expect(parseExperiment({ ...defaultExperiment(), stages }).stages).toEqual(stages);
    const frozen = { ...defaultStage(), frozen: { embeddings: true, layers: 2 } };
    expect(withStrategy(frozen, 'prefix')).toEqual(stageOf());
    expect(withStrategy(frozen, 'bitFit').frozen).toEqual(frozen.frozen);
  });
});

describe('the embeddings of a prefix', () => {
  const stages = [defaultStage(), stageOf(), defaultStage()];
  const model = withPrefixRows({ config: bertBase, tensors, totalFloats: 128 * 900_000 }, stages);

  it('are all that its stage trains, and take no memory for the old rows', () => {
    expect(trainedParameters(tensors, stageOf())).toMatchObject({ names: [prefixRowsName], trained: 8 * 768 });
    expect(trainedParameters(model.tensors, stageOf())).toMatchObject({ names: [prefixRowsName], trained: 8 * 768 });
    expect(trainedTableFloats(model.tensors, (name) => name === prefixRowsName)).toBe(8 * 768);
    expect(optimizerFloats(model, [stageOf()])).toBe(2 * 8 * 768);
    expect(model.config.vocabularySize).toBe(bertBase.vocabularySize + 8);
    expect(model.tensors.at(-1)).toEqual({
      name: prefixRowsName,
      shape: [8, 768],
      offset: 128 * 900_000,
      length: 6144,
    });
    expect(withPrefixRows(model, [defaultStage()])).toBe(model);
    expect(strategyRefusal({ stages: [{ ...stageOf(), frozen: { embeddings: true, layers: 0 } }] }, tensors)).toEqual({
      kind: 'nothing-trained',
      stage: 0,
    });
  });

  it('begin near the mean of the old rows, with noise that depends on the seed', () => {
    const words = Float32Array.of(1, 10, 3, 20, 5, 60);
    const rows = initialPrefixRows(words, 2, 3, 7);
    for (const [i, value] of rows.entries()) expect(value).toBeCloseTo(i % 2 === 0 ? 3 : 30, 2);
    expect(new Set(rows).size).toBe(6);
    expect(initialPrefixRows(words, 2, 3, 7)).toEqual(rows);
    expect(initialPrefixRows(words, 2, 3, 8)).not.toEqual(rows);
  });

  it('are put before texts from the first stage that trains them', () => {
    expect(prefixOf(stages)).toMatchObject({ stage: 1, side: 'queries' });
    const prompts = { queryPrefix: 'q: ', passagePrefix: 'p: ' };
    expect(promptsAfter(prompts, [stageOf({ tokens: ['[a]', '[b]'] })])).toEqual({
      queryPrefix: '[a][b]q: ',
      passagePrefix: 'p: ',
    });
    expect(promptsAfter(prompts, [stageOf({ tokens: 1, side: 'both' })]).passagePrefix).toBe('[prefix1]p: ');
    expect(promptsAfter(prompts, [defaultStage()])).toBe(prompts);
  });
});

describe('a run with a prefix', () => {
  const model = demoModel(demoFiles('tokenizer.json', 'tokenizer_config.json'));
  const refuse = (stage: Stage, files = model.files): unknown => {
    try {
      refuseUnsuitedPrefix({ ...model, files }, [stage]);
      return null;
    } catch (thrown) {
      return (thrown as { details: unknown }).details;
    }
  };

  it('is refused if a token is in the vocabulary, or if the tokenizer changes the tokens', () => {
    expect(refuse(stageOf())).toBeNull();
    expect(refuse(stageOf({ tokens: ['[SEP]'] }))).toEqual({ kind: 'prefix-token-known', stage: 0, token: '[SEP]' });
    expect(refuse(stageOf(), withTokens(model.files, ['[prefix3]'], 9000))).toEqual({
      kind: 'prefix-token-known',
      stage: 0,
      token: '[prefix3]',
    });
    const lowers = { ...model.files, 'sentence_bert_config.json': '{"do_lower_case":true}' };
    expect(refuse(stageOf(), lowers)).toBeNull();
    expect(refuse(stageOf({ tokens: ['[Q]'] }), lowers)).toEqual({ kind: 'prefix-tokenizer', stage: 0 });
    expect(refuse(stageOf(), { 'tokenizer.json': '{"model":{"type":"Unigram"}}' })).toMatchObject({
      kind: 'prefix-tokenizer',
    });
    expect(knownTokens('no json')).toBeNull();
  });

  it('has its tokens in vocab.txt only if their line numbers are their ids', () => {
    const { 'tokenizer.json': tokenizer = '' } = model.files;
    const listed = (vocabulary: string) =>
      withTokens({ 'tokenizer.json': tokenizer, 'vocab.txt': vocabulary }, ['[p]'], 2)['vocab.txt'];
    expect(listed('a\nb\n')).toBe('a\nb\n[p]\n');
    expect(listed('a\n')).toBe('a\n');
  });
});
