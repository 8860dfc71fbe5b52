import { describe, expect, it } from 'vitest';
import type { Experiment } from '../../../../src/domain/experiment';
import { commonPrefix, lengthFacts, promptUses, repeatedPassages } from '../../../../src/domain/train/doctor/textFacts';
import { afterFix, choiceOf, experimentWith, factsWith, found, healthyTexts, memoryOf, splitOf } from './patient';

/** Returns the facts of 1,000 passages of the knowledge base, `long` of which have 300 tokens, under a length limit. */
function factsOfLengths(long: number, { model }: Pick<Experiment, 'model'>) {
  const lengths = Array.from({ length: 1000 }, (_, i) => (i < long ? 300 : 40));
  const truncated = lengths.filter((length) => length > (model?.maxTokens ?? 0)).length;
  const none = { texts: 0, truncated: 0, p99: 0 };
  const knowledgeBase = { texts: 1000, truncated, p99: 40 };
  return factsWith({
    texts: { ...healthyTexts, lengths: { ...healthyTexts.lengths, positives: none, knowledgeBase } },
  });
}

describe('truncated texts', () => {
  const experiment = experimentWith({});

  it('are reported above 2% of the passages, as a warning above 10%', () => {
    const at = (long: number) => found('truncated', experiment, factsOfLengths(long, experiment));
    expect(at(20)).toEqual([]);
    expect(at(21)).toMatchObject([{ severity: 'advises', facts: { side: 'passages', truncated: 21, texts: 1000 } }]);
    expect(at(100)[0]?.severity).toBe('advises');
    expect(at(101)[0]?.severity).toBe('warns');
  });

  it('are fixed by the longest limit of the model', () => {
    expect(afterFix('truncated', experiment, (fixed) => factsOfLengths(200, fixed))).toEqual([]);
  });

  it('have no fix if the model already reads its maximum', () => {
    const { model, ...rest } = experiment;
    const longest = { ...rest, model: model && { ...model, maxTokens: 512 } };
    const facts = factsOfLengths(200, { model: model && { ...model, maxTokens: 128 } });
    expect(found('truncated', longest, facts)).toMatchObject([{ facts: { limit: 512 } }]);
    expect(found('truncated', longest, facts)[0]).not.toHaveProperty('fix');
  });

  it('are counted for questions and passages separately', () => {
    const many = { texts: 100, truncated: 50, p99: 128 };
    const texts = { ...healthyTexts, lengths: { ...healthyTexts.lengths, anchors: many } };
    expect(found('truncated', experiment, factsWith({ texts })).map(({ facts }) => facts.side)).toEqual(['questions']);
  });
});

describe('training pairs that repeat test questions', () => {
  const near = (count: number, removed = false) =>
    factsWith({ split: splitOf(960, { nearDuplicates: { count, removed } }) });

  it('are reported from the first near-duplicate, unless they are removed', () => {
    expect(found('nearDuplicates', experimentWith(), near(0))).toEqual([]);
    expect(found('nearDuplicates', experimentWith(), near(1))).toMatchObject([
      { severity: 'warns', facts: { pairs: 1 } },
    ]);
    expect(found('nearDuplicates', experimentWith(), near(1, true))).toEqual([]);
  });

  it('are fixed by removing them from training', () => {
    const factsOf = ({ split }: Experiment) => near(3, split.removeNearDuplicates === true);
    expect(afterFix('nearDuplicates', experimentWith(), factsOf)).toEqual([]);
  });

  it('are reported as trained on only if a batch list names their rows', () => {
    const leaks = { exact: 1, normalised: 2 };
    expect(found('listedLeaks', experimentWith(), factsWith({ split: splitOf(960, { leaks }) }))).toEqual([]);
    const split = splitOf(960, { leaks, listedBatches: true, nearDuplicates: { count: 1, removed: false } });
    expect(found('listedLeaks', experimentWith(), factsWith({ split }))).toMatchObject([{ facts: { pairs: 3 } }]);
    expect(found('nearDuplicates', experimentWith(), factsWith({ split }))[0]).not.toHaveProperty('fix');
  });

  it('are counted apart in scored pairs, whose near-duplicates are removed even beside a batch list', () => {
    const scoredNearDuplicates = { count: 2, removed: false };
    const of = (kind: 'listedLeaks' | 'nearDuplicates', split: object) =>
      found(kind, experimentWith(), factsWith({ split: splitOf(960, split) }))[0];
    expect(of('listedLeaks', { scoredLeaks: 4 })).toBeUndefined();
    const fix = { setting: 'removeNearDuplicates' };
    expect(of('nearDuplicates', { scoredNearDuplicates })).toMatchObject({ facts: { pairs: 0, scored: 2 }, fix });
    const nearDuplicates = { count: 3, removed: false };
    const beside = { listedBatches: true, nearDuplicates, scoredNearDuplicates };
    expect(of('nearDuplicates', beside)).toMatchObject({ facts: { pairs: 3, scored: 2 }, fix });
    expect(of('nearDuplicates', { scoredNearDuplicates: { count: 2, removed: true } })).toBeUndefined();
  });
});

describe('the memory of a run', () => {
  const experiment = experimentWith({});
  const at = (maxTokens: number, kind: 'plain' | 'gradCache') => ({
    batchSize: 16,
    maxTokens,
    choice: choiceOf(kind, 1e9),
  });

  it('stops a run that does not fit', () => {
    const short = memoryOf(16, choiceOf('gradCache', 5e9, false), []);
    const [finding] = found('memoryShort', experiment, factsWith({ memory: short }));
    expect(finding).toMatchObject({ severity: 'stops', facts: { neededBytes: 5e9, limitBytes: 3e9 } });
    const fits = memoryOf(16, choiceOf('plain', 3e9), []);
    expect(found('memoryShort', experiment, factsWith({ memory: fits }))).toEqual([]);
  });

  it('makes steps slow if the batch is encoded twice; a limit that 99% of the texts satisfy is then proposed', () => {
    const memory = memoryOf(16, choiceOf('gradCache', 2e9), [at(128, 'gradCache'), at(64, 'plain'), at(32, 'plain')]);
    const longest = (p99: number) => {
      const texts = {
        ...healthyTexts,
        lengths: { ...healthyTexts.lengths, positives: { texts: 9, truncated: 0, p99 } },
      };
      return found('chunkedSteps', experiment, factsWith({ memory, texts }));
    };
    expect(longest(64)).toMatchObject([{ severity: 'advises', fix: { setting: 'maxTokens', value: 64 } }]);
    expect(longest(65)).toEqual([]);
  });

  it('is enough once the proposed limit is set', () => {
    const factsOf = ({ model }: Experiment) =>
      factsWith({
        memory: memoryOf(16, choiceOf(model?.maxTokens === 128 ? 'gradCache' : 'plain', 2e9), [at(64, 'plain')]),
      });
    expect(afterFix('chunkedSteps', experiment, factsOf)).toEqual([]);
  });
});

describe('the facts of texts', () => {
  it('have the length that 99% of the texts do not exceed', () => {
    const offsets = Uint32Array.from({ length: 101 }, (_, i) => (i * (i + 1)) / 2);
    expect(lengthFacts({ offsets, truncated: 7 })).toEqual({ texts: 100, truncated: 7, p99: 99 });
    expect(lengthFacts({ offsets: new Uint32Array(1), truncated: 0 })).toEqual({ texts: 0, truncated: 0, p99: 0 });
  });

  it('count the pairs that share a passage, and in how many ways two of them do', () => {
    expect(repeatedPassages(['a', 'b', 'a', 'c', 'a', 'b'])).toEqual({ repeated: 5, samePassage: 4 });
  });

  it('find what 90% of at least 20 different texts begin with', () => {
    const texts = (alike: number, all: number) =>
      Array.from({ length: all }, (_, i) => (i < alike ? `请回答：第${i}问` : `${i} 另一问`));
    expect(commonPrefix(texts(18, 20))).toBe('请回答：第');
    expect(commonPrefix(texts(17, 20))).toBe('');
    expect(commonPrefix(texts(19, 19))).toBe('');
    expect(commonPrefix(Array.from({ length: 30 }, (_, i) => `问：${i}`))).toBe('');
    expect(commonPrefix(Array.from({ length: 30 }, () => '同一个问题'))).toBe('');
  });

  it('list prompts that at least a tenth of the texts on one side begin with', () => {
    const training = Array.from({ length: 20 }, (_, i) => (i < 2 ? `query: ${i}` : `${i}`));
    expect(promptUses(training, ['passage: a', 'b'], ['', ' '])).toEqual([
      { prompt: 'query:', training: 0.1, evaluation: 0 },
      { prompt: 'passage:', training: 0, evaluation: 0.5 },
    ]);
    expect(promptUses(training.slice(1), ['b'], [])).toEqual([]);
  });
});
