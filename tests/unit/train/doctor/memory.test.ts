import { describe, expect, it } from 'vitest';
import { examine } from '../../../../src/domain/train/doctor/examine';
import { defaultMined } from '../../../../src/domain/train/negativesSchema';
import { batchOf, choiceOf, experimentWith, factsWith, found, memoryOf } from './patient';

describe('steps that encode their batch twice', () => {
  const experiment = experimentWith(batchOf(32));
  const at = (batchSize: number, maxTokens: number, kind: 'plain' | 'gradCache', fits = true) => ({
    batchSize,
    maxTokens,
    choice: choiceOf(kind, 1e9, fits),
  });
  const chunked = (...alternatives: ReturnType<typeof at>[]) =>
    found('chunkedSteps', experiment, factsWith({ memory: memoryOf(32, choiceOf('gradCache', 2e9), alternatives) }));

  it('are reported with the memory that they need, and the longest limit with which they encode it once', () => {
    expect(chunked(at(32, 64, 'plain'), at(32, 96, 'plain'), at(32, 48, 'plain'))).toEqual([
      {
        kind: 'chunkedSteps',
        severity: 'advises',
        facts: { neededBytes: 2e9, maxTokens: 128, shorter: 96 },
        fix: { setting: 'maxTokens', value: 96 },
      },
    ]);
  });

  it.each<[string, ReturnType<typeof at>]>([
    ['with fewer pairs in a batch', at(16, 64, 'plain')],
    ['with the same limit', at(32, 128, 'plain')],
    ['with a limit at which they still encode it twice', at(32, 64, 'gradCache')],
    ['with a limit that does not fit', at(32, 64, 'plain', false)],
    ['with a limit below the length of the texts', at(32, 39, 'plain')],
  ])('are not reported if they encode it once only %s', (_case, alternative) => {
    expect(chunked(alternative)).toEqual([]);
    const memory = memoryOf(32, choiceOf('gradCache', 2e9), [alternative]);
    expect(examine(experiment, factsWith({ memory }))).toEqual([]);
  });

  it('are not reported before the texts are known, or if the run encodes its batches once', () => {
    const alternatives = [at(32, 64, 'plain')];
    const facts = factsWith({ memory: memoryOf(32, choiceOf('gradCache', 2e9), alternatives), texts: null });
    expect(examine(experiment, facts)).toEqual([]);
    for (const kind of ['plain', 'recompute'] as const)
      expect(examine(experiment, factsWith({ memory: memoryOf(32, choiceOf(kind, 2e9), alternatives) }))).toEqual([]);
  });
});

describe('the negatives of a stage that has none in the memory plan', () => {
  it('are not examined', () => {
    const memory = { ...memoryOf(32, choiceOf('plain', 1e8), []), negatives: [null] };
    const experiment = experimentWith({ ...batchOf(32), negatives: defaultMined(1000) });
    expect(found('negativesAbove', experiment, factsWith({ memory }))).toEqual([]);
  });
});
