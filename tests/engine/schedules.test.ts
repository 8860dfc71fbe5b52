import { beforeAll, describe, expect, it } from 'vitest';
import schedules from '../fixtures/engine/schedules.json';
import type { Stage } from '../../src/domain/experiment';
import { trainedBy } from '../../src/domain/train/trainedParameters';
import type { StepStrategy } from '../../src/domain/memory/stepStrategy';
import { infoNceLoss } from '../../workers/engine/losses/infoNce';
import type { Loss, StepBatch } from '../../workers/engine/losses/loss';
import { AdamWState } from '../../workers/engine/model/adamWState';
import type { IsTrainable } from '../../workers/engine/model/isTrainable';
import { Trainer, type TrainerNumbers } from '../../workers/engine/trainer';
import { norm } from './differences';
import { expectNoLeak } from './expectNoLeak';
import { golden, loadGoldenModel } from './golden';
import { tokenBatch } from './tokenBatch';
import { openTestDevice } from './testDevice';

let pytorch: Awaited<ReturnType<typeof loadGoldenModel>>;

beforeAll(async () => {
  await openTestDevice();
  pytorch = await loadGoldenModel();
});

/**
 * The L2 norm of each parameter's change. The bias of the keys is left out, because it has no effect: its gradient is
 * only rounding.
 */
type Changes = Record<string, number>;
const isUsed = (name: string): boolean => !name.endsWith('key.bias');

interface Trained {
  steps: TrainerNumbers[];
  first: Changes;
  last: Changes;
}

interface Choice {
  optimizer?: Partial<Stage['optimizer']>;
  isTrained?: IsTrainable;
  stepStrategy?: StepStrategy;
  /** Cuts the texts into two batches, whose gradients each step accumulates. */
  cut?: number;
}

function batchOf(begin: number, end?: number): StepBatch {
  const [anchors, candidates] = [golden.anchors, golden.positives].map((texts) => tokenBatch(texts.slice(begin, end)));
  if (!anchors || !candidates) throw new Error('there are no texts');
  return { anchors, candidates };
}

async function trained({ optimizer, isTrained = () => true, stepStrategy, cut }: Choice): Promise<Trained> {
  const parameters = pytorch.parameters(isTrained);
  const adamW = new AdamWState(parameters);
  const loss = infoNceLoss({ temperature: golden.temperature, directions: 'queryToPassage' });
  const settings = { kind: 'adamW', ...golden.optimizer, ...optimizer } as const;
  const trainer = new Trainer(
    { config: pytorch.config, pooling: 'mean', loss, optimizer: settings, dropout: 0, seed: 1, stepStrategy },
    parameters.segments,
    adamW.segments,
  );
  const changes = async (): Promise<Changes> => {
    const found: Changes = {};
    for (const { name } of pytorch.tensors) {
      const before = pytorch.values(`weights/${name}`);
      found[name] = norm((await parameters.read(name)).map((value, i) => value - (before[i] ?? NaN)));
    }
    return found;
  };
  const [batch, ...further] = cut === undefined ? [batchOf(0)] : [batchOf(0, cut), batchOf(cut)];
  const step = (count: number): Promise<TrainerNumbers> => {
    trainer.begin(batch ?? batchOf(0), schedules.learningRate, count, further);
    return trainer.finish();
  };
  const steps = [await step(1)];
  const first = await changes();
  while (steps.length < schedules.layerDecay.steps.length) steps.push(await step(steps.length + 1));
  const last = await changes();
  trainer.dispose();
  adamW.dispose();
  parameters.dispose();
  return { steps, first, last };
}

function expectSame(own: Trained, expected: { steps: number[][]; first: Changes; last: Changes }): void {
  for (const [i, [loss = NaN]] of expected.steps.entries())
    expect(Math.abs((own.steps[i]?.loss ?? NaN) - loss), `step ${i + 1}`).toBeLessThan(Math.max(0.002 * loss, 0.001));
  for (const [moment, tolerance] of [
    ['first', 1e-3],
    ['last', 2e-2],
  ] as const)
    for (const name of Object.keys(expected[moment]).filter(isUsed)) {
      const ratio = (own[moment][name] ?? NaN) / (expected[moment][name] ?? NaN);
      expect(Math.abs(ratio - 1), `${moment} change of ${name}`).toBeLessThan(tolerance);
    }
}

describe('layer-wise decay of the learning rate', () => {
  it('trains as parameter groups of PyTorch do', async () => {
    await expectNoLeak(async () => {
      const { factor, ...expected } = schedules.layerDecay;
      expectSame(await trained({ optimizer: { layerDecay: factor } }), expected);
    });
  });

  it('also slows trained matrices that share memory with frozen ones, and leaves those as they are', async () => {
    const isTrained = trainedBy({ strategy: { kind: 'bitFit', keywords: ['self.query.weight'] } });
    const query = (layer: number): string => `encoder.layer.${layer}.attention.self.query.weight`;
    const [full, half] = [await trained({ isTrained }), await trained({ optimizer: { layerDecay: 0.5 }, isTrained })];
    const share = (layer: number): number => (half.first[query(layer)] ?? NaN) / (full.first[query(layer)] ?? NaN);
    expect(share(0)).toBeCloseTo(0.5, 4);
    expect(share(1)).toBeCloseTo(1, 4);
    for (const { name } of pytorch.tensors) expect((half.last[name] ?? NaN) > 0, name).toBe(isTrained(name));
  });
});

describe('a step that accumulates the gradients of two batches', () => {
  const { cut, ...expected } = schedules.accumulation;

  it.each<StepStrategy>([{ kind: 'plain' }, { kind: 'recompute' }, { kind: 'gradCache', tokensPerPass: 8 }])(
    'trains as PyTorch does on the mean of their losses, each with its own negatives: %j',
    async (stepStrategy) => {
      await expectNoLeak(async () => expectSame(await trained({ cut, stepStrategy }), expected));
    },
  );

  it('counts the tokens of both, and gives the same bits when it is repeated', async () => {
    const [first, second] = [await trained({ cut }), await trained({ cut })];
    expect(second).toEqual(first);
    const tokens = [...golden.anchors, ...golden.positives].reduce((sum, text) => sum + text.length, 0);
    expect(first.steps[0]?.tokens).toBe(tokens);
  });

  it('draws other numbers for dropout in each batch', async () => {
    const losses: number[] = [];
    for (const batches of [1, 2]) {
      const parameters = pytorch.parameters();
      const adamW = new AdamWState(parameters);
      const loss = infoNceLoss({ temperature: golden.temperature, directions: 'queryToPassage' });
      const optimizer = { kind: 'adamW', ...golden.optimizer } as const;
      const options = { config: pytorch.config, pooling: 'mean', loss, optimizer, dropout: 0.3, seed: 1 } as const;
      const trainer = new Trainer(options, parameters.segments, adamW.segments);
      trainer.begin(batchOf(0), 0, 1, batches === 1 ? [] : [batchOf(0)]);
      losses.push((await trainer.finish()).loss);
      for (const owner of [trainer, adamW, parameters]) owner.dispose();
    }
    expect(losses[1]).not.toBe(losses[0]);
  });

  it('changes no weight if only the loss of the first batch is not finite', async () => {
    const parameters = pytorch.parameters();
    const adamW = new AdamWState(parameters);
    const plain = infoNceLoss({ temperature: golden.temperature, directions: 'queryToPassage' });
    let runs = 0;
    const loss: Loss = {
      numbers: plain.numbers,
      run(engine, vectors, targets, scale, numbers) {
        const gradients = plain.run(engine, vectors, targets, scale, numbers);
        if (runs++ > 0) return gradients;
        const bad = engine.commands.upload(Float32Array.of(Infinity));
        engine.commands.copy(bad, { ...numbers, shape: [1] });
        engine.pool.free(bad);
        return gradients;
      },
    };
    const optimizer = { kind: 'adamW', ...golden.optimizer } as const;
    const options = { config: pytorch.config, pooling: 'mean', loss, optimizer, dropout: 0, seed: 1 } as const;
    const trainer = new Trainer(options, parameters.segments, adamW.segments);
    trainer.begin(batchOf(0, cut), 1e-3, 1, [batchOf(cut)]);
    await expect(trainer.finish()).rejects.toMatchObject({ details: { kind: 'training-diverged', quantity: 'loss' } });
    for (const { name } of pytorch.tensors)
      expect(await parameters.read(name), name).toEqual(new Float32Array(pytorch.values(`weights/${name}`)));
    for (const owner of [trainer, adamW, parameters]) owner.dispose();
  });
});
