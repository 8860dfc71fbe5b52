import { beforeAll, describe, expect, it } from 'vitest';
import schedules from '../fixtures/engine/schedules.json';
import { trainedBy } from '../../src/domain/train/trainedParameters';
import { infoNceLoss } from '../../workers/engine/losses/infoNce';
import { AdamWState } from '../../workers/engine/model/adamWState';
import { WeightAverage } from '../../workers/engine/model/weightAverage';
import { Trainer } from '../../workers/engine/trainer';
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

const { decay, steps: expected, ...norms } = schedules.ema;
const theirs: Record<'last' | 'lag', Record<string, number>> = norms;
const isUsed = (name: string): boolean => !name.endsWith('key.bias'); // its gradient is only rounding
const batch = { anchors: tokenBatch(golden.anchors), candidates: tokenBatch(golden.positives) };
const names = (): string[] => pytorch.tensors.map(({ name }) => name);

/** Opens a training of tinyBert that averages its weights. */
function opened(isTrained: (name: string) => boolean = () => true) {
  const parameters = pytorch.parameters(isTrained);
  const adamW = new AdamWState(parameters);
  const average = new WeightAverage(parameters, 0, decay);
  const loss = infoNceLoss({ temperature: golden.temperature, directions: 'queryToPassage' });
  const optimizer = { kind: 'adamW', ...golden.optimizer } as const;
  const options = { config: pytorch.config, pooling: 'mean', loss, optimizer, dropout: 0, seed: 1 } as const;
  const trainer = new Trainer({ ...options, average }, parameters.segments, adamW.segments);
  const readAll = async (): Promise<Map<string, Float32Array>> => {
    const found = new Map<string, Float32Array>();
    for (const name of names()) found.set(name, await parameters.read(name));
    return found;
  };
  const close = (): void => {
    for (const owner of [trainer, adamW, parameters]) owner.dispose();
  };
  return { average, trainer, readAll, close };
}

const difference = (a: ArrayLike<number> = [], b: ArrayLike<number> = []): number =>
  norm(Float32Array.from(a, (value, i) => value - (b[i] ?? NaN)));
const before = (name: string): ArrayLike<number> => pytorch.values(`weights/${name}`);

describe('a moving average of the weights', () => {
  it('is that of AveragedModel in PyTorch, and does not change the training', async () => {
    await expectNoLeak(async () => {
      const { average, trainer, readAll, close } = opened();
      for (const [i, [loss = NaN]] of expected.entries()) {
        const step = await trainer.step(batch, schedules.learningRate, i + 1);
        expect(Math.abs(step.loss - loss), `step ${i + 1}`).toBeLessThan(Math.max(0.002 * loss, 0.001));
        if (i > 0) continue;
        const [first, weights] = [await average.exchanged(readAll), await readAll()];
        expect(first).toEqual(weights);
      }
      const [last, weights] = [await average.exchanged(readAll), await readAll()];
      for (const name of names().filter(isUsed)) {
        const change = difference(last.get(name), before(name)) / (theirs.last[name] ?? NaN);
        expect(Math.abs(change - 1), `change of ${name}`).toBeLessThan(2e-2);
        const lag = difference(last.get(name), weights.get(name)) / (theirs.lag[name] ?? NaN);
        expect(Math.abs(lag - 1), `distance of ${name}`).toBeLessThan(2e-2);
      }
      average.dispose();
      close();
    });
  });

  it('replaces the weights only on request, and permanently once it is adopted', async () => {
    await expectNoLeak(async () => {
      const { average, trainer, readAll, close } = opened();
      for (let step = 1; step <= 3; step++) await trainer.step(batch, schedules.learningRate, step);
      const weights = await readAll();
      const [averaged, within] = await average.exchanged(async () => [
        await readAll(),
        await average.exchanged(readAll),
      ]);
      expect(within).toEqual(weights);
      expect(averaged).not.toEqual(weights);
      await expect(average.exchanged(() => Promise.reject(new Error('stopped')))).rejects.toThrow('stopped');
      expect(await readAll()).toEqual(weights);
      average.adopt();
      expect(await readAll()).toEqual(averaged);
      close();
    });
  });

  it('keeps every bit of frozen parameters, even of those that share a matrix with trained ones', async () => {
    const isTrained = trainedBy({ strategy: { kind: 'bitFit', keywords: ['self.query.weight'] } });
    const { average, trainer, readAll, close } = opened(isTrained);
    for (let step = 1; step <= 3; step++) await trainer.step(batch, schedules.learningRate, step);
    const averaged = await average.exchanged(readAll);
    for (const name of names()) {
      if (isTrained(name)) expect(difference(averaged.get(name), before(name)), name).toBeGreaterThan(0);
      else expect(averaged.get(name), name).toEqual(new Float32Array(before(name)));
    }
    average.dispose();
    close();
  });
});
