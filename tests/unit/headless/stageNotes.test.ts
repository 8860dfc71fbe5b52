import { expect, it } from 'vitest';
import { defaultExperiment, defaultStage } from '../../../src/domain/experiment';
import { withStrategyPreset } from '../../../src/domain/train/strategyPresets';
import { stageNotes } from '../../../src/headless/stageNotes';

it('the runner describes every stage of an experiment with several, and says nothing of a single one', () => {
  expect(stageNotes(withStrategyPreset(defaultExperiment(), 'fullThenBitFit', 'tiny'))).toEqual([
    'stage 1 of 2: Full · 2 epochs · in-batch InfoNCE',
    'stage 2 of 2: BitFit · 2 epochs · in-batch InfoNCE',
  ]);
  expect(stageNotes({ ...defaultExperiment(), stages: [{ ...defaultStage(), dropout: 0.1 }] })).toEqual([]);
});
