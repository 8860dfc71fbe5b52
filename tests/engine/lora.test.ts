import { beforeAll, describe, expect, it } from 'vitest';
import lora from '../fixtures/engine/lora.json';
import type { Stage } from '../../src/domain/experiment';
import type { StepStrategy } from '../../src/domain/memory/stepStrategy';
import { adapterName, adapterPlan, isAdapter } from '../../src/domain/train/lora';
import { loraMatrices, type LoraMatrix, type LoraStrategy } from '../../src/domain/train/loraSchema';
import { trainedBy } from '../../src/domain/train/trainedParameters';
import { infoNceLoss } from '../../workers/engine/losses/infoNce';
import { AdamWState } from '../../workers/engine/model/adamWState';
import { encodeBatch } from '../../workers/engine/model/encode';
import { ParameterStore } from '../../workers/engine/model/parameterStore';
import { Trainer, type TrainerNumbers } from '../../workers/engine/trainer';
import { deviceEngine } from '../../workers/services/device/openDevice';
import { norm } from './differences';
import { expectNoLeak } from './expectNoLeak';
import { golden, loadGoldenModel } from './golden';
import { openTestDevice } from './testDevice';

let pytorch: Awaited<ReturnType<typeof loadGoldenModel>>;

beforeAll(async () => {
  await openTestDevice();
  pytorch = await loadGoldenModel();
});

type Values = Readonly<Record<string, readonly number[]>>;

/** Returns the tiny model with adapters. `values` sets some of them; the others keep their initial values. */
function withAdapters(strategy: LoraStrategy, values: Values = {}, frozenLayers = 0): ParameterStore {
  const choice: Pick<Stage, 'strategy' | 'frozen'> = { strategy, frozen: { embeddings: false, layers: frozenLayers } };
  const layout = { tensors: pytorch.tensors, totalFloats: 0 };
  const plan = adapterPlan(layout, choice, { seed: 1, stage: 0 });
  const store = new ParameterStore(deviceEngine(), pytorch.tensors, [trainedBy(choice)], [plan]);
  for (const { name } of pytorch.tensors) store.write(name, pytorch.values(`weights/${name}`));
  store.beginStage(0);
  for (const { name } of store.adapterTensors) {
    const given = values[name];
    if (given) store.write(name, Float32Array.from(given));
  }
  return store;
}

function strategyOf(matrices: readonly LoraMatrix[], dropout = 0): LoraStrategy {
  return { kind: 'lora', rank: lora.rank, alpha: lora.alpha, dropout, matrices: [...matrices] };
}

interface Training {
  steps: number;
  stepStrategy?: StepStrategy;
  dropout?: number;
  layerDecay?: number;
  /** How many times each step accumulates the gradients of the batch. */
  times?: number;
}

async function trained(
  store: ParameterStore,
  { steps: count, stepStrategy, dropout = 0, layerDecay, times = 1 }: Training,
): Promise<TrainerNumbers[]> {
  const adamW = new AdamWState(store);
  const optimizer = { kind: 'adamW', ...golden.optimizer, layerDecay } as const;
  const loss = infoNceLoss({ temperature: golden.temperature, directions: 'queryToPassage' });
  const options = { config: pytorch.config, pooling: 'mean', loss, optimizer, dropout, seed: 1, stepStrategy } as const;
  const trainer = new Trainer({ ...options, adapters: store.adapters }, store.segments, adamW.segments);
  const batch = { anchors: pytorch.anchors, candidates: pytorch.positives };
  const steps: TrainerNumbers[] = [];
  const further = Array.from({ length: times - 1 }, () => batch);
  for (let step = 1; step <= count; step++) {
    trainer.begin(batch, lora.learningRate, step, further);
    steps.push(await trainer.finish());
  }
  trainer.dispose();
  adamW.dispose();
  return steps;
}

async function bits(store: ParameterStore, names: readonly { name: string }[]): Promise<Map<string, Uint32Array>> {
  const found = new Map<string, Uint32Array>();
  for (const { name } of names) found.set(name, new Uint32Array((await store.read(name)).slice().buffer));
  return found;
}

const vectors = (store: ParameterStore): Promise<Float32Array> =>
  encodeBatch(store, pytorch.config, pytorch.anchors, { pooling: 'mean', normalize: true });

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? NaN))), 0);
}

const choices = [
  ['all matrices', 'all', loraMatrices],
  ['query and value, which share a matrix with keys that have no adapter', 'queryValue', ['query', 'value']],
  ['the output of the feed-forward network only', 'output', ['output.dense']],
] as const;

describe('training with LoRA', () => {
  it.each(choices)(
    'follows peft for 50 steps and leaves every byte of the weights as it was: %s',
    async (_, key, matrices) => {
      await expectNoLeak(async () => {
        const { initial, steps: expected, vectors: ofPeft } = lora.cases[key];
        const store = withAdapters(strategyOf(matrices), initial);
        const before = await bits(store, pytorch.tensors);
        const steps = await trained(store, { steps: 50 });
        for (const [i, [loss = NaN]] of expected.entries())
          expect(Math.abs((steps[i]?.loss ?? NaN) - loss), `step ${i + 1}`).toBeLessThan(Math.max(0.002 * loss, 0.001));
        expect(await bits(store, pytorch.tensors)).toEqual(before);
        expect(largestDifference(await vectors(store), ofPeft)).toBeLessThan(2e-3);
        store.dispose();
      });
    },
  );

  it('gives the vectors of peft with the same adapters, before and after they are merged', async () => {
    await expectNoLeak(async () => {
      const { trained: adapters, vectors: ofPeft } = lora.cases.all;
      const store = withAdapters(strategyOf(loraMatrices), adapters);
      expect(largestDifference(await vectors(store), ofPeft)).toBeLessThan(1e-5);
      const name = 'encoder.layer.1.attention.self.value.weight';
      const merged = await store.readMerged(name);
      expect(merged).not.toEqual(await store.read(name));
      store.mergeAdapters();
      expect(await store.read(name)).toEqual(merged);
      expect(await store.readMerged(name)).toEqual(merged);
      expect(largestDifference(await vectors(store), ofPeft)).toBeLessThan(1e-5);
      store.dispose();
    });
  });

  it('gives the same bits when it is repeated, and begins like the model without adapters', async () => {
    const run = async (): Promise<unknown> => {
      const store = withAdapters(strategyOf(['query', 'key', 'output.dense'], 0.2));
      const plain = pytorch.parameters(() => false);
      expect(await vectors(store)).toEqual(await vectors(plain));
      const steps = await trained(store, { steps: 5, dropout: 0.1 });
      const result = { steps, adapters: await bits(store, store.adapterTensors) };
      store.dispose();
      plain.dispose();
      return result;
    };
    expect(await run()).toEqual(await run());
  });

  it.each([
    ['recompute', { kind: 'recompute' }, 0],
    ['GradCache', { kind: 'gradCache', tokensPerPass: 12 }, 1e-4],
  ] as const)('trains the same adapters with %s, dropout included', async (_, stepStrategy, tolerance) => {
    const after = async (options: Training): Promise<Float32Array> => {
      const store = withAdapters(strategyOf(loraMatrices, 0.3));
      await trained(store, { ...options, steps: 3, dropout: 0.1 });
      const result = await vectors(store);
      store.dispose();
      return result;
    };
    const [plain, other] = [await after({ steps: 3 }), await after({ steps: 3, stepStrategy })];
    expect(largestDifference(plain, other)).toBeLessThanOrEqual(tolerance);
  });

  it('trains the same adapters if each step accumulates the gradients of a batch twice', async () => {
    const after = async (times: number): Promise<Float32Array> => {
      const store = withAdapters(strategyOf(['query', 'value', 'output.dense']));
      await trained(store, { steps: 10, times });
      const result = await vectors(store);
      store.dispose();
      return result;
    };
    expect(largestDifference(await after(1), await after(2))).toBeLessThan(1e-4);
  });

  it('slows the adapters of lower layers if the learning rate decays by layer', async () => {
    const change = async (layer: number, layerDecay?: number): Promise<number> => {
      const store = withAdapters(strategyOf(loraMatrices));
      await trained(store, { steps: 1, ...(layerDecay === undefined ? {} : { layerDecay }) });
      const values = await store.read(adapterName(`encoder.layer.${layer}.attention.self.value`, 'B')); // 0 at first
      store.dispose();
      return norm(values);
    };
    for (const [layer, share] of [
      [0, 0.5],
      [1, 1],
    ] as const)
      expect((await change(layer, 0.5)) / (await change(layer))).toBeCloseTo(share, 4);
  });

  it('gives the lower layers no adapters if they are frozen', async () => {
    const store = withAdapters(strategyOf(loraMatrices), {}, 1);
    expect(store.adapterTensors).toHaveLength(12);
    expect(store.adapterTensors.every(({ name }) => isAdapter(name) && name.includes('.layer.1.'))).toBe(true);
    const before = await bits(store, store.adapterTensors);
    await trained(store, { steps: 2 });
    for (const [name, values] of await bits(store, store.adapterTensors))
      expect(values, name).not.toEqual(before.get(name));
    store.dispose();
  });
});
