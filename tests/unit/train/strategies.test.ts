import { describe, expect, it } from 'vitest';
import { defaultExperiment, defaultStage, type Stage } from '../../../src/domain/experiment';
import { experimentHash } from '../../../src/domain/experimentHash';
import { parseExperiment } from '../../../src/domain/parseExperiment';
import { strategyRefusal } from '../../../src/domain/train/runRefusal';
import { duplicated, moved, without } from '../../../src/domain/train/stageList';
import { strategyPresetOf, strategyPresets, withStrategyPreset } from '../../../src/domain/train/strategyPresets';
import {
  optimizerFloats,
  momentLayout,
  trainedBy,
  trainedParameters,
} from '../../../src/domain/train/trainedParameters';
import { parameterCount } from '../../../workers/engine/memory/parameterCount';
import { layOutStages, trainedTableFloats } from '../../../workers/engine/model/segmentLayout';
import { parameterShapes } from '../../../workers/engine/model/parameterShapes';
import { bertConfig } from '../../engine/configs';
import { tensorLayout } from '../../engine/tensorLayout';

const bertBase = bertConfig({
  layers: 12,
  hiddenSize: 768,
  heads: 12,
  intermediateSize: 3072,
  vocabularySize: 21_128,
  maxPositions: 512,
});
const tensors = tensorLayout(parameterShapes(bertBase));
const bitFit = (...keywords: string[]): Pick<Stage, 'strategy'> => ({ strategy: { kind: 'bitFit', keywords } });
const frozen = (embeddings: boolean, layers: number): Pick<Stage, 'strategy' | 'frozen'> => ({
  strategy: { kind: 'full' },
  frozen: { embeddings, layers },
});
const withStage = (change: object): unknown => ({ schemaVersion: 2, stages: [change] });

describe('an experiment file', () => {
  it('keeps its version and hash if it spells out the default strategy', async () => {
    const before = parseExperiment({ schemaVersion: 1, stages: [{}] });
    const stated = parseExperiment(
      withStage({ strategy: { kind: 'full' }, frozen: { embeddings: false, layers: 0 }, precision: 'full' }),
    );
    expect(stated).toEqual(before);
    expect(stated.schemaVersion).toBe(1);
    expect(await experimentHash(stated)).toBe(await experimentHash(before));
  });

  it('takes BitFit with the keyword bias by default, and needs version 2 for it', () => {
    const { stages, schemaVersion } = parseExperiment(withStage({ strategy: { kind: 'bitFit' } }));
    expect(stages[0]?.strategy).toEqual({ kind: 'bitFit', keywords: ['bias'] });
    expect(schemaVersion).toBe(2);
    expect(parseExperiment(withStage({ frozen: { layers: 3 } })).stages[0]?.frozen).toEqual({
      embeddings: false,
      layers: 3,
    });
  });

  it.each([
    [{ strategy: { kind: 'bitFit', keywords: ['bias', 'biass'] } }, 'stages.0.strategy.keywords.1'],
    [{ strategy: { kind: 'bitFit', keywords: [''] } }, 'stages.0.strategy.keywords.0'],
    [{ strategy: { kind: 'bitFit', keywords: [] } }, 'stages.0.strategy.keywords'],
    [{ strategy: { kind: 'ia3' } }, 'stages.0.strategy.kind'],
    [{ frozen: { embeddings: true, layers: -1 } }, 'stages.0.frozen.layers'],
    [{ frozen: { embeddings: true, layers: 0, pooler: true } }, 'stages.0.frozen.pooler'],
  ])('is refused with the path of the setting that makes no sense: %j', (stage, path) => {
    expect(() => parseExperiment(withStage(stage))).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ kind: 'experiment-invalid', path }) as unknown }),
    );
  });
});

describe('the parameters that a stage trains', () => {
  it('are those whose names contain a keyword, less the frozen ones', () => {
    const biases = trainedParameters(tensors, bitFit('bias'));
    expect(biases).toMatchObject({ trained: 12 * 8448 + 768, all: parameterCount(bertBase) });
    expect(biases.names.every((name) => name.endsWith('.bias'))).toBe(true);
    const upper = trainedParameters(tensors, { ...bitFit('bias'), frozen: { embeddings: true, layers: 11 } });
    expect(upper.names).toHaveLength(8);
    expect(upper.names.every((name) => name.startsWith('encoder.layer.11.'))).toBe(true);
  });

  it('have an optimizer state of at most 2% of that of full training if only biases of BERT-base are trained', () => {
    const all = trainedTableFloats(tensors, () => true);
    expect(trainedTableFloats(tensors, trainedBy(bitFit('bias')))).toBeLessThanOrEqual(0.02 * all);
    const layout = { tensors, totalFloats: all };
    expect(optimizerFloats(layout, [{ ...defaultStage(), ...bitFit('bias') }])).toBeLessThanOrEqual(0.02 * 2 * all);
  });

  it('include frozen keys and values in the tables of a trained query, because they share a matrix', () => {
    const queries = trainedBy(bitFit('query.weight'));
    expect(trainedTableFloats(tensors, queries)).toBe(12 * 3 * 768 * 768);
    const [layout] = layOutStages(tensors, [queries]);
    const ranges = (layout?.segments ?? []).flatMap(({ ranges: some = [] }) => some);
    expect(ranges.map(({ first, end }) => end - first)).toEqual(Array<number>(12).fill(768 * 768));
  });

  it('are stored by a checkpoint like the weights if all are trained, so that older checkpoints still load', () => {
    const layout = { tensors, totalFloats: 1 };
    expect(momentLayout(layout, () => true)).toBe(layout);
  });
});

describe('the layout of a run with several strategies', () => {
  it('keeps every weight at its place from stage to stage', () => {
    const stages = [trainedBy({ strategy: { kind: 'full' } }), trainedBy(bitFit('bias')), trainedBy(bitFit('query'))];
    const layouts = layOutStages(tensors, stages);
    for (const [i, { placements, segments, isTrainable }] of layouts.entries()) {
      expect(placements).toBe(layouts[0]?.placements);
      for (const [name, pieces] of placements)
        for (const { segment, offset } of pieces) {
          const { trainable, ranges } = segments[segment] ?? {};
          const trained = trainable && (!ranges || ranges.some(({ first, end }) => offset >= first && offset < end));
          expect([i, name, trained]).toEqual([i, name, isTrainable(name)]);
        }
    }
  });
});

describe('a run', () => {
  const refusal = (choice: Partial<Stage>) =>
    strategyRefusal({ stages: [defaultStage(), { ...defaultStage(), ...choice }] }, tensors);
  it('is refused if a stage trains nothing or freezes layers that the model lacks', () => {
    expect(refusal(bitFit('bias'))).toBeNull();
    expect(refusal(frozen(true, 11))).toBeNull();
    expect(refusal(bitFit('layer.12.'))).toEqual({ kind: 'nothing-trained', stage: 1 });
    expect(refusal(frozen(true, 12))).toEqual({ kind: 'nothing-trained', stage: 1 });
    expect(refusal(frozen(false, 13))).toEqual({ kind: 'too-many-frozen-layers', stage: 1, frozen: 13, layers: 12 });
  });
});

describe('the strategy presets', () => {
  it.each(['tiny', 'base'] as const)('lead to each other, and change only strategy and learning rate: %s', (size) => {
    const experiment = defaultExperiment();
    expect(strategyPresetOf(experiment.stages)).toBe('full');
    for (const from of strategyPresets)
      for (const to of strategyPresets) {
        const changed = withStrategyPreset(withStrategyPreset(experiment, from, size), to, size);
        expect(strategyPresetOf(changed.stages)).toBe(to);
        expect(changed).toEqual(withStrategyPreset(experiment, to, size));
        expect(parseExperiment(changed)).toMatchObject({ stages: changed.stages });
      }
    expect(withStrategyPreset(experiment, 'full', size)).toEqual(experiment);
  });

  it('do not include strategies of the user’s own', () => {
    const stage = defaultStage();
    expect(strategyPresetOf([{ ...stage, ...bitFit('query') }])).toBeNull();
    expect(strategyPresetOf([{ ...stage, ...frozen(true, 0) }])).toBeNull();
    expect(strategyPresetOf([stage, stage, stage])).toBeNull();
  });
});

describe('the list of stages', () => {
  it('can be copied from, reordered and shortened to one', () => {
    const [a, b] = [defaultStage(), { ...defaultStage(), ...bitFit('bias') }];
    expect(duplicated([a, b], 0)).toEqual([a, a, b]);
    expect(moved([a, b], 0, 1)).toEqual([b, a]);
    expect(moved([a, b], 0, -1)).toEqual([a, b]);
    expect(without([a, b], 0)).toEqual([b]);
    expect(without([a], 0)).toEqual([a]);
  });
});
