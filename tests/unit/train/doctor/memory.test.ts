import { describe, expect, it } from 'vitest';
import type { Experiment } from '../../../../src/domain/experiment';
import type { MemoryProposal } from '../../../../src/domain/memory/proposal';
import { applyFix } from '../../../../src/domain/train/doctor/applyFix';
import { examine } from '../../../../src/domain/train/doctor/examine';
import { memoryFixes } from '../../../../src/domain/train/doctor/memory';
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

describe('a run that does not fit in memory', () => {
  const experiment = experimentWith(batchOf(32), batchOf(8));
  const refusedWith = (proposal: MemoryProposal) => ({
    ...memoryOf(32, choiceOf('plain', 2e9, false), []),
    proposal,
  });
  const fixed = (proposal: MemoryProposal): Experiment[] =>
    found('memoryShort', experiment, factsWith({ memory: refusedWith(proposal) })).map((finding) =>
      applyFix(experiment, finding),
    );

  it('has a fix in every stage that it concerns, whatever the plan proposes', () => {
    const { stages } = experiment;
    expect(fixed({ maxTokens: 64 })[0]?.model?.maxTokens).toBe(64);
    const sizes = fixed({ batchSize: 16 })[0]?.stages.map(({ batching }) => batching);
    expect(sizes).toEqual([batchOf(16).batching, batchOf(8).batching]);
    expect(fixed({ mixedStage: 1 })[0]?.stages).toEqual([stages[0], { ...stages[1], precision: 'mixed' }]);
    for (const kind of ['lora', 'bitFit'] as const)
      expect(fixed({ [kind]: 6e8 })[0]?.stages.map(({ strategy }) => strategy.kind)).toEqual([kind, kind]);
  });

  it('is offered first what costs least, and no fix if nothing fits', () => {
    const all = { maxTokens: 64, batchSize: 16, mixedStage: 0, bitFit: 5e8, lora: 6e8 };
    expect(memoryFixes(all).map(({ fix }) => [fix.setting, 'value' in fix && fix.value])).toEqual([
      ['precision', 'mixed'],
      ['mostBatchSize', 16],
      ['maxTokens', 64],
      ['strategy', 'lora'],
      ['strategy', 'bitFit'],
    ]);
    expect(found('memoryShort', experiment, factsWith({ memory: refusedWith({}) }))[0]).not.toHaveProperty('fix');
  });
});

describe('the negatives of a stage that has none in the memory plan', () => {
  it('are not examined', () => {
    const memory = { ...memoryOf(32, choiceOf('plain', 1e8), []), negatives: [null] };
    const experiment = experimentWith({ ...batchOf(32), negatives: defaultMined(1000) });
    expect(found('negativesAbove', experiment, factsWith({ memory }))).toEqual([]);
  });
});
