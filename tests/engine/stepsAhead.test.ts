import { infoNceLoss } from '../../workers/engine/losses/infoNce';
import { beforeAll, describe, expect, it } from 'vitest';
import { deviceEngine } from '../../workers/services/device/openDevice';
import { AdamWState } from '../../workers/engine/model/adamWState';
import type { ParameterStore } from '../../workers/engine/model/parameterStore';
import type { TokenBatch } from '../../workers/engine/model/tokenBatch';
import { Trainer, type TrainerNumbers } from '../../workers/engine/trainer';
import { expectNoLeak } from './expectNoLeak';
import { golden, loadGoldenModel } from './golden';
import { openTestDevice } from './testDevice';

let pytorch: Awaited<ReturnType<typeof loadGoldenModel>>;

beforeAll(async () => {
  await openTestDevice();
  pytorch = await loadGoldenModel();
});

const loss = infoNceLoss({ temperature: golden.temperature, directions: 'queryToPassage' });
const optimizer = { kind: 'adamW', ...golden.optimizer } as const;

interface Run {
  parameters: ParameterStore;
  trainer: Trainer;
  /** Returns all weights and moments. */
  state: () => Promise<Float32Array[]>;
}

async function opened<T>(work: (run: Run) => Promise<T>): Promise<T> {
  return expectNoLeak(async () => {
    const parameters = pytorch.parameters();
    const adamW = new AdamWState(parameters);
    const options = { config: pytorch.config, pooling: 'mean', loss, optimizer, dropout: 0, seed: 1 } as const;
    const trainer = new Trainer(options, parameters.segments, adamW.segments);
    const state = async (): Promise<Float32Array[]> => {
      const all: Float32Array[] = [];
      for (const { name } of pytorch.tensors)
        all.push(await parameters.read(name), await adamW.read('m', name), await adamW.read('v', name));
      return all;
    };
    try {
      return await work({ parameters, trainer, state });
    } finally {
      trainer.dispose();
      adamW.dispose();
      parameters.dispose();
    }
  });
}

const firstOf = ({ ids, offsets }: TokenBatch): TokenBatch => ({
  ids: ids.subarray(0, offsets[1]),
  offsets: offsets.slice(0, 2),
});

describe('a step that begins before the numbers of the previous one are known', () => {
  it('leads to the same numbers, weights and moments as steps computed one by one', async () => {
    const steps = [1, 2, 3, 4];
    const begin = (trainer: Trainer, step: number): void =>
      trainer.begin(
        { anchors: pytorch.anchors, candidates: step === 3 ? pytorch.anchors : pytorch.positives },
        1e-3 * step,
        step,
      );
    const oneByOne = await opened(async ({ trainer, state }) => {
      const numbers: TrainerNumbers[] = [];
      for (const step of steps) {
        begin(trainer, step);
        numbers.push(await trainer.finish());
      }
      return { numbers, state: await state() };
    });
    const ahead = await opened(async ({ trainer, state }) => {
      const numbers: TrainerNumbers[] = [];
      for (const step of steps) {
        begin(trainer, step);
        if (step > trainer.stepsAhead) numbers.push(await trainer.finish());
      }
      while (numbers.length < steps.length) numbers.push(await trainer.finish());
      return { numbers, state: await state() };
    });
    expect(ahead).toEqual(oneByOne);
    expect(new Set(ahead.numbers.map(({ loss: value }) => value)).size).toBe(4);
  });

  it('changes no weight and no moment if the previous step turns out to be bad', async () => {
    const { vocabularySize, padTokenId } = pytorch.config;
    const used = new Set([padTokenId, ...pytorch.anchors.ids, ...pytorch.positives.ids]);
    const unused = Array.from({ length: vocabularySize }, (_, id) => id).find((id) => !used.has(id));
    if (unused === undefined) throw new Error('all tokens are used');
    const name = 'embeddings.word_embeddings.weight';
    await opened(async ({ parameters, trainer, state }) => {
      const words = pytorch.values(`weights/${name}`).slice();
      words.fill(Infinity, unused * pytorch.config.hiddenSize, (unused + 1) * pytorch.config.hiddenSize);
      parameters.write(name, words);
      await trainer.step({ anchors: pytorch.anchors, candidates: pytorch.positives }, 1e-3, 1);
      const before = await state();
      const bad = { ...pytorch.anchors, ids: pytorch.anchors.ids.slice().fill(unused, 0, 1) };
      trainer.begin({ anchors: bad, candidates: pytorch.positives }, 1e-3, 2);
      if (trainer.stepsAhead > 0) trainer.begin({ anchors: pytorch.anchors, candidates: pytorch.positives }, 1e-3, 3);
      const details = { kind: 'training-diverged', step: 2, quantity: 'loss', parameter: name };
      await expect(trainer.finish()).rejects.toMatchObject({ details });
      expect(await state()).toEqual(before);
    });
  });

  it('does not hide which gradient of the previous step was not finite', async () => {
    await opened(async ({ parameters, trainer }) => {
      // The activation 1e30 is multiplied by zeros, so only the gradient of the weights that read it is not finite.
      const { intermediateSize: F } = pytorch.config;
      const [bias, weight] = ['encoder.layer.1.intermediate.dense.bias', 'encoder.layer.1.output.dense.weight'];
      parameters.write(
        bias,
        pytorch.values(`weights/${bias}`).map((value, i) => (i === 5 ? 1e30 : value)),
      );
      parameters.write(
        weight,
        pytorch.values(`weights/${weight}`).map((value, i) => (i % F === 5 ? 0 : value)),
      );
      trainer.begin({ anchors: pytorch.anchors, candidates: pytorch.positives }, 1e-3, 1);
      // A single pair has no negatives to learn from, so all its gradients are zero.
      if (trainer.stepsAhead > 0)
        trainer.begin({ anchors: firstOf(pytorch.anchors), candidates: firstOf(pytorch.positives) }, 1e-3, 2);
      const details = { kind: 'training-diverged', step: 1, quantity: 'gradientNorm', parameter: weight };
      await expect(trainer.finish()).rejects.toMatchObject({ details });
    });
  });

  it('begins only on a GPU, and only one step ahead', async () => {
    await opened(async ({ trainer }) => {
      expect(trainer.stepsAhead).toBe(deviceEngine().traits.wasm ? 0 : 1);
      const begin = (step: number): void =>
        trainer.begin({ anchors: pytorch.anchors, candidates: pytorch.positives }, 1e-3, step);
      for (let step = 1; step <= trainer.stepsAhead + 1; step++) begin(step);
      expect(() => begin(3)).toThrow('too many steps have begun');
      for (let step = 0; step <= trainer.stepsAhead; step++) await trainer.finish();
      await expect(trainer.finish()).rejects.toThrow('no step has begun');
    });
  });
});
