import { infoNceLoss } from '../../workers/engine/losses/infoNce';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Stage } from '../../src/domain/experiment';
import type { StepStrategy } from '../../src/domain/memory/stepStrategy';
import { deviceEngine, throwGpuFailure } from '../../workers/services/device/openDevice';
import { AdamWState } from '../../workers/engine/model/adamWState';
import type { ParameterStore } from '../../workers/engine/model/parameterStore';
import { Trainer, type TrainerOptions } from '../../workers/engine/trainer';
import { sigmoidPairs } from '../../workers/losses/sigmoidPairs';
import { openTfjsLoss } from '../../workers/services/train/tfjsLoss';
import { golden, loadGoldenModel } from './golden';
import { testDeviceBytes, testDeviceLiveArrays, openTestDevice } from './testDevice';
import { distance, norm } from './differences';
import { expectNoLeak } from './expectNoLeak';

type Golden = Awaited<ReturnType<typeof loadGoldenModel>>;
let pytorch: Golden;

beforeAll(async () => {
  await openTestDevice();
  pytorch = await loadGoldenModel();
});

const flatSteps = 200;

describe('training a random BERT', () => {
  const stage = {
    loss: infoNceLoss({ temperature: golden.temperature, directions: 'queryToPassage' }),
    optimizer: { kind: 'adamW', ...golden.optimizer },
  } as const;
  const trainer = (parameters: ParameterStore, adamW: AdamWState, extra: Partial<TrainerOptions> = {}): Trainer => {
    const options = { config: pytorch.config, pooling: 'mean', ...stage, dropout: 0, seed: 1, ...extra } as const;
    return new Trainer(options, parameters.segments, adamW.segments);
  };

  it("matches PyTorch's losses, gradient norms and weights over three AdamW steps with clipping", async () => {
    await expectNoLeak(async () => {
      const parameters = pytorch.parameters();
      const adamW = new AdamWState(parameters);
      const training = trainer(parameters, adamW);
      for (const [index, expected] of golden.steps.entries()) {
        const numbers = await training.step(
          { anchors: pytorch.anchors, candidates: pytorch.positives },
          golden.optimizer.learningRate,
          index + 1,
        );
        expect(Math.abs(numbers.loss - expected.loss)).toBeLessThan(1e-4 * expected.loss);
        expect(Math.abs(numbers.gradientNorm - expected.gradientNorm)).toBeLessThan(1e-3 * expected.gradientNorm);
      }
      for (const { name } of pytorch.tensors) {
        const moved = distance(pytorch.values(`after/${name}`), pytorch.values(`weights/${name}`));
        const missed = distance(await parameters.read(name), pytorch.values(`after/${name}`));
        // Adam's first steps follow the sign of the gradient. The true gradient of the key bias is zero, so rounding
        // noise decides its sign.
        if (!name.endsWith('key.bias')) expect(missed, name).toBeLessThan(0.01 * moved);
      }
      training.dispose();
      adamW.dispose();
      parameters.dispose();
    });
  });

  it('takes the same steps with GradCache as in one pass, without leftover gradients of the previous step', async () => {
    await expectNoLeak(async () => {
      const after = async (stepStrategy: StepStrategy): Promise<{ norms: number[]; weights: Float32Array[] }> => {
        const parameters = pytorch.parameters();
        const adamW = new AdamWState(parameters);
        const training = trainer(parameters, adamW, { stepStrategy });
        const norms: number[] = [];
        for (let step = 1; step <= 3; step++) {
          const numbers = await training.step({ anchors: pytorch.anchors, candidates: pytorch.positives }, 1e-3, step);
          norms.push(numbers.gradientNorm);
        }
        training.dispose();
        const weights = await Promise.all(pytorch.tensors.map(({ name }) => parameters.read(name)));
        parameters.dispose();
        adamW.dispose();
        return { norms, weights };
      };
      const plain = await after({ kind: 'plain' });
      const cached = await after({ kind: 'gradCache', tokensPerPass: 7 });
      cached.norms.forEach((own, i) => expect(Math.abs(own / (plain.norms[i] ?? NaN) - 1)).toBeLessThan(1e-3));
      for (const [i, { name }] of pytorch.tensors.entries()) {
        const moved = distance(plain.weights[i] ?? [], pytorch.values(`weights/${name}`));
        const missed = distance(cached.weights[i] ?? [], plain.weights[i] ?? []);
        // The true gradient of the key bias is zero, so rounding noise decides which way it moves.
        if (!name.endsWith('key.bias')) expect(missed, name).toBeLessThan(0.02 * moved);
      }
    });
  });

  it('has the same gradients with a loss of tfjs in every step strategy', async () => {
    await expectNoLeak(async () => {
      const { loss, close } = await openTfjsLoss(deviceEngine(), sigmoidPairs({ temperature: 0.05 }));
      const normWith = async (stepStrategy: StepStrategy): Promise<number> => {
        const parameters = pytorch.parameters();
        const adamW = new AdamWState(parameters);
        const training = trainer(parameters, adamW, { stepStrategy, loss });
        const batch = { anchors: pytorch.anchors, candidates: pytorch.positives };
        const { gradientNorm } = await training.step(batch, 0, 1);
        for (const table of [training, parameters, adamW]) table.dispose();
        return gradientNorm;
      };
      const plain = await normWith({ kind: 'plain' });
      expect(plain).toBeGreaterThan(0);
      expect(await normWith({ kind: 'recompute' })).toBe(plain);
      const cached = await normWith({ kind: 'gradCache', tokensPerPass: 7 });
      expect(Math.abs(cached / plain - 1)).toBeLessThan(1e-3);
      close();
    });
  });

  it('resumes from saved weights and moments with the same bits, with and without dropout', async () => {
    const after = async (resumeAt: number, dropout: Stage['dropout']): Promise<Float32Array[]> => {
      let parameters = pytorch.parameters();
      let adamW = new AdamWState(parameters);
      for (let step = 1; step <= 3; step++) {
        if (step === resumeAt) ({ parameters, adamW } = await reopened(parameters, adamW));
        const config = { ...pytorch.config, hiddenDropout: 0.1, attentionDropout: 0.1 };
        const training = trainer(parameters, adamW, { config, dropout, seed: 5 });
        await training.step({ anchors: pytorch.anchors, candidates: pytorch.positives }, 1e-3, step);
        training.dispose();
      }
      const weights = await Promise.all(pytorch.tensors.map(({ name }) => parameters.read(name)));
      parameters.dispose();
      adamW.dispose();
      return weights;
    };
    await expectNoLeak(async () => {
      expect(await after(2, 0.1)).toEqual(await after(0, 0.1));
      expect(await after(0, 'model')).toEqual(await after(0, 0.1));
      expect(await after(0, 0.1)).not.toEqual(await after(0, 0));
    });
  });

  it('drops different numbers at each step of a seed, and the same ones when a step is repeated', async () => {
    await expectNoLeak(async () => {
      const parameters = pytorch.parameters();
      const adamW = new AdamWState(parameters);
      const config = { ...pytorch.config, hiddenDropout: 0.1, attentionDropout: 0.1 };
      const training = trainer(parameters, adamW, { config, dropout: 'model', seed: 5 });
      const losses: number[] = [];
      // At a learning rate of 0, only the random numbers can change the loss.
      for (const step of [1, 2, 3, 1])
        losses.push((await training.step({ anchors: pytorch.anchors, candidates: pytorch.positives }, 0, step)).loss);
      expect(new Set(losses).size).toBe(3);
      expect(losses[3]).toBe(losses[0]);
      training.dispose();
      adamW.dispose();
      parameters.dispose();
    });
  });

  async function reopened(
    parameters: ParameterStore,
    adamW: AdamWState,
  ): Promise<{ parameters: ParameterStore; adamW: AdamWState }> {
    const next = { parameters: pytorch.parameters(), adamW: new AdamWState(parameters) };
    for (const { name } of pytorch.tensors) {
      next.parameters.write(name, await parameters.read(name));
      for (const moment of ['m', 'v'] as const) next.adamW.write(moment, name, await adamW.read(moment, name));
    }
    parameters.dispose();
    adamW.dispose();
    return next;
  }

  it(`holds as many arrays at step ${flatSteps} as at step 20, and at most 2% more bytes than in the first 50 steps`, async () => {
    const parameters = pytorch.parameters();
    const adamW = new AdamWState(parameters);
    const training = trainer(parameters, adamW);
    const counts: number[] = [];
    const bytes: number[] = [];
    for (let step = 1; step <= flatSteps; step++) {
      await training.step({ anchors: pytorch.anchors, candidates: pytorch.positives }, 1e-6, step);
      counts[step] = testDeviceLiveArrays();
      bytes[step] = testDeviceBytes();
    }
    expect(counts[flatSteps]).toBe(counts[20]);
    expect(Math.max(...bytes.slice(51))).toBeLessThanOrEqual(1.02 * Math.max(...bytes.slice(1, 51)));
    expect(() => throwGpuFailure()).not.toThrow();
    training.dispose();
    adamW.dispose();
    parameters.dispose();
  });

  it('stops if a gradient is not finite, names its parameter and keeps the weights', async () => {
    await expectNoLeak(async () => {
      const parameters = pytorch.parameters();
      const adamW = new AdamWState(parameters);
      // One feed-forward activation is 1e30, but the weights that read it are zero. The loss then stays finite while
      // the gradient of those weights does not.
      const { hiddenSize: H, intermediateSize: F } = pytorch.config;
      const [bias, weight] = ['encoder.layer.1.intermediate.dense.bias', 'encoder.layer.1.output.dense.weight'];
      parameters.write(
        bias,
        pytorch.values(`weights/${bias}`).map((value, i) => (i === 5 ? 1e30 : value)),
      );
      const unread = pytorch.values(`weights/${weight}`).map((value, i) => (i % F === 5 ? 0 : value));
      expect(unread.length).toBe(H * F);
      parameters.write(weight, unread);
      const training = trainer(parameters, adamW);
      const step = training.step({ anchors: pytorch.anchors, candidates: pytorch.positives }, 1e-3, 2);
      const details = { kind: 'training-diverged', step: 2, quantity: 'gradientNorm', parameter: weight };
      await expect(step).rejects.toMatchObject({ details });
      expect(await parameters.read(weight)).toEqual(unread);
      const other = 'embeddings.word_embeddings.weight';
      expect(await parameters.read(other)).toEqual(pytorch.values(`weights/${other}`));
      expect(norm(await adamW.read('m', other))).toBe(0);
      training.dispose();
      adamW.dispose();
      parameters.dispose();
    });
  });

  it('stops before the update if the loss is not finite, and keeps the weights', async () => {
    await expectNoLeak(async () => {
      const parameters = pytorch.parameters();
      const adamW = new AdamWState(parameters);
      const name = 'encoder.layer.0.output.dense.bias';
      parameters.write(name, new Float32Array(32).fill(Infinity));
      const training = trainer(parameters, adamW, { stepsBefore: 10 });
      const step = training.step({ anchors: pytorch.anchors, candidates: pytorch.positives }, 1e-3, 4);
      const details = { kind: 'training-diverged', step: 14, quantity: 'loss', parameter: name };
      await expect(step).rejects.toMatchObject({ details });
      const untouched = 'encoder.layer.1.output.dense.weight';
      expect(await parameters.read(untouched)).toEqual(pytorch.values(`weights/${untouched}`));
      training.dispose();
      adamW.dispose();
      parameters.dispose();
    });
  });
});
