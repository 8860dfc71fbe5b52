import { beforeAll, describe, expect, it } from 'vitest';
import schedules from '../fixtures/engine/schedules.json';
import type { Stage } from '../../src/domain/experiment';
import { trainedBy } from '../../src/domain/train/trainedParameters';
import { infoNceLoss } from '../../workers/engine/losses/infoNce';
import { AdamWState } from '../../workers/engine/model/adamWState';
import type { IsTrainable } from '../../workers/engine/model/isTrainable';
import { Trainer, type TrainerNumbers } from '../../workers/engine/trainer';
import { norm } from './differences';
import { expectNoLeak } from './expectNoLeak';
import { golden, loadGoldenModel } from './golden';
import { openTestDevice } from './testDevice';

let pytorch: Awaited<ReturnType<typeof loadGoldenModel>>;

beforeAll(async () => {
  await openTestDevice();
  pytorch = await loadGoldenModel();
});

/** The L2 norm of each parameter's change. Keys have no use for their bias: its gradient is only rounding. */
type Changes = Record<string, number>;
const isUsed = (name: string): boolean => !name.endsWith('key.bias');

interface Trained {
  steps: TrainerNumbers[];
  first: Changes;
  last: Changes;
}

async function trained(optimizer: Partial<Stage['optimizer']>, isTrained: IsTrainable = () => true): Promise<Trained> {
  const parameters = pytorch.parameters(isTrained);
  const adamW = new AdamWState(parameters);
  const loss = infoNceLoss({ temperature: golden.temperature, directions: 'queryToPassage' });
  const settings = { kind: 'adamW', ...golden.optimizer, ...optimizer } as const;
  const trainer = new Trainer(
    { config: pytorch.config, pooling: 'mean', loss, optimizer: settings, dropout: 0, seed: 1 },
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
  const batch = { anchors: pytorch.anchors, candidates: pytorch.positives };
  const steps = [await trainer.step(batch, schedules.learningRate, 1)];
  const first = await changes();
  while (steps.length < schedules.layerDecay.steps.length)
    steps.push(await trainer.step(batch, schedules.learningRate, steps.length + 1));
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
      expectSame(await trained({ layerDecay: factor }), expected);
    });
  });

  it('also slows trained matrices that share memory with frozen ones, and leaves those as they are', async () => {
    const isTrained = trainedBy({ strategy: { kind: 'bitFit', keywords: ['self.query.weight'] } });
    const query = (layer: number): string => `encoder.layer.${layer}.attention.self.query.weight`;
    const [full, half] = [await trained({}, isTrained), await trained({ layerDecay: 0.5 }, isTrained)];
    const share = (layer: number): number => (half.first[query(layer)] ?? NaN) / (full.first[query(layer)] ?? NaN);
    expect(share(0)).toBeCloseTo(0.5, 4);
    expect(share(1)).toBeCloseTo(1, 4);
    for (const { name } of pytorch.tensors) expect((half.last[name] ?? NaN) > 0, name).toBe(isTrained(name));
  });
});
