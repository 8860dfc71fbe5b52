import { render } from 'svelte/server';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultExperiment, defaultStage, type Experiment } from '../../../src/domain/experiment';
import { withStrategyPreset } from '../../../src/domain/train/strategyPresets';
import { ExperimentState } from '../../../src/state/experiment.svelte';
import {
  editAccumulation,
  editEma,
  editFrozen,
  editLayerDecay,
  editOptimizer,
  editPrecision,
  editStage,
} from '../../../src/ui/train/stageEdits';
import { parameterShapes } from '../../../workers/engine/model/parameterShapes';
import { bertConfig } from '../../engine/configs';
import { tensorLayout } from '../../engine/tensorLayout';

vi.mock('../../../src/state/gateway', () => ({ baseUrl: '', gateway: {} }));
vi.mock('../../../src/state/app.svelte', () => ({ app: { language: 'en', attempt: () => Promise.resolve() } }));
// Tooltips need a provider that only the whole page has. Their labels do not matter here.
vi.mock('../../../src/ui/common/Tip.svelte', () => ({ default: () => undefined }));
vi.useFakeTimers();

const config = bertConfig({
  layers: 2,
  hiddenSize: 8,
  heads: 2,
  intermediateSize: 16,
  vocabularySize: 40,
  maxPositions: 12,
});
const tensors = tensorLayout(parameterShapes(config));

let state: ExperimentState;
const show = (experiment: Experiment) => {
  state = new ExperimentState('e');
  state.stored = { experimentId: 'e', name: 'e', experiment, createdAt: 1, updatedAt: 1, demo: false };
  state.model = {
    contentSha256: 'a'.repeat(64),
    name: 'tiny',
    config,
    tensors,
    totalFloats: 4096,
    weightsId: 'tiny',
    files: {},
    defaults: {
      pooling: { value: 'mean', guessed: false },
      normalize: { value: true, guessed: false },
      maxTokens: { value: 12, guessed: false },
      queryPrefix: { value: '', guessed: false },
      passagePrefix: { value: '', guessed: false },
    },
    sourceDtype: 'F32',
    createdAt: 1,
  };
};
beforeEach(() => show(withStrategyPreset(defaultExperiment(), 'fullThenBitFit', 'tiny')));

describe('the form of a run with two stages', () => {
  it('changes only the chosen stage, and undo brings the previous settings back', () => {
    state.chooseStage(1);
    const before = state.experiment;
    editStage(state, { dropout: 0.2 });
    editOptimizer(state, { weightDecay: 0.5 });
    editPrecision(state, 'mixed');
    editLayerDecay(state, 0.9);
    editAccumulation(state, 4);
    editEma(state, 0.99);
    editFrozen(state, { embeddings: true, layers: 1 });
    expect(state.experiment?.stages[0]).toEqual(defaultStage());
    expect(state.trainStage).toMatchObject({
      dropout: 0.2,
      optimizer: { weightDecay: 0.5, layerDecay: 0.9 },
      batching: { accumulation: 4 },
      ema: { decay: 0.99 },
      precision: 'mixed',
      frozen: { embeddings: true, layers: 1 },
    });
    editEma(state, 0);
    expect(state.trainStage).not.toHaveProperty('ema');
    for (let i = 0; i < 8; i++) state.undo();
    expect(state.experiment).toEqual(before);
  });

  it('shows the last stage if the chosen one was removed', () => {
    state.chooseStage(1);
    state.change((e) => ({ ...e, stages: e.stages.slice(0, 1) }));
    expect(state.stageIndex).toBe(0);
    expect(state.trainStage).toEqual(defaultStage());
  });

  it('lists the stages and the parameters that the chosen one trains, with their number and share', async () => {
    const { default: Strategy } = await import('../../../src/ui/train/Strategy.svelte');
    state.chooseStage(1);
    const { body } = render(Strategy, { props: { experiment: state, disabled: false } });
    const text = body
      .replace(/<!--.*?-->/g, '')
      .replace(/<[^>]+>/g, ' ')
      .replace(/\s+/g, ' ');
    expect(text).toContain('Stage 2 BitFit · 2 epochs');
    // The embeddings’ LayerNorm has 8 biases, each layer 7 · 8 + 16.
    expect(text).toMatch(/Trains 152 of 1,\d{3} weights \(\d+\.\d\d%\) in 17 parameters\./);
    expect(text).toContain('encoder.layer.1.output.LayerNorm.bias');
    expect(text).not.toContain('encoder.layer.1.output.LayerNorm.weight');
  });
});
