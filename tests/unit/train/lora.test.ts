import { describe, expect, it } from 'vitest';
import { defaultExperiment, defaultStage, type Stage } from '../../../src/domain/experiment';
import { experimentHash } from '../../../src/domain/experimentHash';
import { parseExperiment } from '../../../src/domain/parseExperiment';
import { adaptedWeights, adapterPlan, adapterTensors, isAdapter, stageLayout } from '../../../src/domain/train/lora';
import { defaultLora, loraMatrices, type LoraStrategy } from '../../../src/domain/train/loraSchema';
import { strategyRefusal } from '../../../src/domain/train/runRefusal';
import { withStrategy } from '../../../src/domain/train/strategyEdits';
import { layersAbove, stageMoments, trainedBy, trainedParameters } from '../../../src/domain/train/trainedParameters';
import { adapterMemory } from '../../../workers/engine/memory/parameterCount';
import { parameterShapes } from '../../../workers/engine/model/parameterShapes';
import { bertBase } from '../../engine/configs';
import { tensorLayout } from '../../engine/tensorLayout';

const tensors = tensorLayout(parameterShapes(bertBase));
const last = tensors.at(-1);
const model = { tensors, totalFloats: (last?.offset ?? 0) + (last?.length ?? 0) };
const lora = (change: Partial<LoraStrategy> = {}): { strategy: LoraStrategy } => ({
  strategy: { ...defaultLora, ...change },
});
const withStage = (change: object): unknown => ({ schemaVersion: 2, stages: [change] });

describe('an experiment file with LoRA', () => {
  it('fills in rank 8, alpha 16, no dropout and all matrices, and needs version 2', async () => {
    const short = parseExperiment(withStage({ strategy: { kind: 'lora' } }));
    expect(short.stages[0]?.strategy).toEqual(defaultLora);
    expect(short.schemaVersion).toBe(2);
    const stated = parseExperiment(withStage(lora()));
    expect(await experimentHash(stated)).toBe(await experimentHash(short));
  });

  it.each([
    [{ rank: 0 }, 'stages.0.strategy.rank'],
    [{ rank: 1025 }, 'stages.0.strategy.rank'],
    [{ rank: 2.5 }, 'stages.0.strategy.rank'],
    [{ alpha: 0 }, 'stages.0.strategy.alpha'],
    [{ dropout: 1 }, 'stages.0.strategy.dropout'],
    [{ matrices: [] }, 'stages.0.strategy.matrices'],
    [{ matrices: ['query', 'query'] }, 'stages.0.strategy.matrices'],
    [{ matrices: ['query', 'pooler'] }, 'stages.0.strategy.matrices.1'],
    [{ r: 8 }, 'stages.0.strategy.r'],
  ])('is refused with the path of the setting that makes no sense: %j', (change, path) => {
    expect(() => parseExperiment(withStage({ strategy: { ...defaultLora, ...change } }))).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ kind: 'experiment-invalid', path }) as unknown }),
    );
  });
});

describe('the adapters of a stage', () => {
  it('are named as in peft, two for each chosen matrix of each layer that is not frozen', () => {
    const choice = { ...lora({ matrices: ['value', 'output.dense'] }), frozen: { embeddings: true, layers: 11 } };
    expect(adapterTensors(tensors, choice).map(({ name, shape }) => [name, shape])).toEqual([
      ['base_model.model.encoder.layer.11.attention.self.value.lora_A.weight', [8, 768]],
      ['base_model.model.encoder.layer.11.attention.self.value.lora_B.weight', [768, 8]],
      ['base_model.model.encoder.layer.11.output.dense.lora_A.weight', [8, 3072]],
      ['base_model.model.encoder.layer.11.output.dense.lora_B.weight', [768, 8]],
    ]);
    expect(adaptedWeights(tensors, lora())).toHaveLength(12 * loraMatrices.length);
    expect(adapterTensors(tensors, defaultStage())).toEqual([]);
  });

  it('are all that the stage trains, and need at most 2% of the optimizer state of full training on BERT-base', () => {
    const { names, trained, all } = trainedParameters(tensors, lora());
    expect(names).toHaveLength(12 * 12);
    expect(names.every(isAdapter)).toBe(true);
    expect(trained).toBe(12 * 8 * (4 * (768 + 768) + 2 * (768 + 3072)));
    expect(trained / all).toBeLessThanOrEqual(0.02);
    expect(adapterMemory(tensors, lora())?.floats).toBe(trained);
    expect(stageMoments(model, lora()).totalFloats).toBe(trained);
    expect(tensors.some(({ name }) => trainedBy(lora())(name))).toBe(false);
  });

  it('belong to the layer of their matrix, so that they get its share of the learning rate', () => {
    const names = adapterTensors(tensors, lora({ matrices: ['query'] })).map(({ name }) => name);
    expect(names.map((name) => layersAbove(name, 12))).toEqual(
      Array.from({ length: 24 }, (_, i) => 11 - Math.floor(i / 2)),
    );
  });

  it('follow the model’s weights in a checkpoint, without overlap and aligned', () => {
    const odd = lora({ rank: 3 });
    const layout = stageLayout(model, odd);
    let end = 0;
    for (const { offset, length } of layout.tensors) {
      expect(offset % 64).toBe(0);
      expect(offset).toBeGreaterThanOrEqual(end);
      end = offset + length;
    }
    expect(layout.totalFloats).toBeGreaterThanOrEqual(end);
    expect(layout.tensors.slice(0, tensors.length)).toEqual(tensors);
    expect(stageLayout(model, defaultStage())).toBe(model);
  });

  it('begin with zeros in B, and in A with uniform numbers below 1/√in that depend on seed, stage and module', () => {
    const values = (seed: number, stage: number): Float32Array[] => {
      const plan = adapterPlan(model, lora(), { seed, stage });
      return (plan?.tensors ?? []).slice(0, 4).map((tensor) => plan?.initial(tensor) ?? new Float32Array());
    };
    const [a, b, other] = values(1, 0);
    expect(a && Math.max(...a.map(Math.abs))).toBeLessThanOrEqual(1 / Math.sqrt(768));
    expect(a && Math.max(...a.map(Math.abs))).toBeGreaterThan(0.99 / Math.sqrt(768));
    expect(Math.abs([...(a ?? [])].reduce<number>((sum, value) => sum + value, 0))).toBeLessThan(0.1 * 768 ** 0.5 * 8);
    expect(b?.every((value) => value === 0)).toBe(true);
    expect(values(1, 0)).toEqual(values(1, 0));
    for (const [changed] of [values(2, 0), values(1, 1), [other]]) expect(changed).not.toEqual(a);
  });
});

describe('a run with LoRA', () => {
  const refusal = (stage: Partial<Stage>) =>
    strategyRefusal({ stages: [defaultStage(), { ...defaultStage(), ...stage }] }, tensors);

  it('is refused if the rank exceeds a matrix, if all layers are frozen, and in mixed precision', () => {
    expect(refusal(lora({ rank: 768 }))).toBeNull();
    expect(refusal(lora({ rank: 769 }))).toEqual({ kind: 'lora-rank-too-large', stage: 1, rank: 769, width: 768 });
    expect(refusal({ ...lora(), frozen: { embeddings: false, layers: 12 } })).toEqual({
      kind: 'nothing-trained',
      stage: 1,
    });
    for (const precision of ['mixed', 'mixed-matrices'] as const)
      expect(refusal({ ...lora(), precision })).toEqual({ kind: 'lora-needs-full-precision', stage: 1 });
  });

  it('gets full precision when the form switches to LoRA, and keeps its precision otherwise', () => {
    const stage = { ...defaultStage(), precision: 'mixed' as const };
    expect(withStrategy(stage, 'lora')).toEqual({ ...defaultStage(), strategy: defaultLora });
    expect(withStrategy(stage, 'bitFit').precision).toBe('mixed');
    expect(parseExperiment({ ...defaultExperiment(), stages: [withStrategy(stage, 'lora')] }).stages[0]).toEqual(
      withStrategy(stage, 'lora'),
    );
  });
});
