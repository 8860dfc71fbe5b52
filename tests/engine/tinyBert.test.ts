import { beforeAll, describe, expect, it } from 'vitest';
import type { Stage } from '../../src/domain/experiment';
import type { StepWay } from '../../src/domain/memory/stepWay';
import { checkDevice } from '../../workers/engine/device';
import { AdamWState } from '../../workers/engine/model/adamWState';
import { hiddenStates } from './hiddenStates';
import type { DropoutPlaces } from '../../workers/engine/ops/dropout/dropoutPlaces';
import type { ParameterStore } from '../../workers/engine/model/parameterStore';
import { SegmentTable } from '../../workers/engine/model/segmentTable';
import { Trainer, type TrainerOptions } from '../../workers/engine/trainer';
import { golden, loadGoldenModel } from './golden';
import { seededRandom } from './random';
import { testDeviceBytes, testDeviceLiveArrays, openTestDevice } from './testDevice';
import { computeGradients } from '../../workers/engine/gradients';
import { distance, maxDifference, norm } from './differences';
import { expectNoLeak } from './expectNoLeak';

type Golden = Awaited<ReturnType<typeof loadGoldenModel>>;
let pytorch: Golden;

beforeAll(async () => {
  await openTestDevice();
  pytorch = await loadGoldenModel();
});

type Case = { pooling: 'mean' | 'cls'; directions: 'queryToPassage' | 'both' };

type Computed = { loss: number; gradients: Map<string, Float32Array> };

/** Returns the loss and the gradients of the trainable parameters. */
async function lossAndGradients(
  { segments: weights }: ParameterStore,
  { pooling, directions }: Case,
  dropout?: DropoutPlaces,
  way?: StepWay,
): Promise<Computed> {
  const { engine } = weights;
  const into = { numbers: engine.pool.allocate([8]), gradients: new SegmentTable(engine, weights.layout, 'trainable') };
  const loss = { kind: 'inBatchInfoNce', temperature: golden.temperature, directions } as const;
  const { anchors, positives, config } = pytorch;
  computeGradients({ engine, weights, config, dropout }, anchors, positives, { pooling, loss, way }, into);
  const [value = NaN] = await engine.commands.read(into.numbers);
  const gradients = new Map<string, Float32Array>();
  for (const { name } of pytorch.tensors)
    if (into.gradients.has(name)) gradients.set(name, await into.gradients.read(name));
  engine.pool.free(into.numbers);
  into.gradients.dispose();
  return { loss: value, gradients };
}

const flatSteps = 200;

describe('the encoder on a random BERT', () => {
  it("matches PyTorch's last hidden states", async () => {
    await expectNoLeak(async () => {
      const parameters = pytorch.parameters();
      for (const side of ['anchors', 'positives'] as const) {
        const hidden = await hiddenStates(parameters, pytorch.config, pytorch[side]);
        expect(maxDifference(hidden, pytorch.values(`hidden/${side}`))).toBeLessThan(2e-5);
      }
      parameters.dispose();
    });
  });

  it.each([
    ['mean', 'queryToPassage'],
    ['cls', 'both'],
  ] as const)(
    "matches PyTorch's loss and the gradient of every parameter with %s pooling and InfoNCE (%s)",
    async (pooling, directions) => {
      await expectNoLeak(async () => {
        const parameters = pytorch.parameters();
        const { loss, gradients } = await lossAndGradients(parameters, { pooling, directions });
        expect(loss).toBeCloseTo(golden.losses[`${pooling}/${directions}`], 5);
        const expected = (name: string): Float32Array => pytorch.values(`gradients/${pooling}/${name}`);
        const all = norm(pytorch.tensors.map(({ name }) => norm(expected(name))));
        expect([...gradients.keys()].sort()).toEqual(pytorch.tensors.map(({ name }) => name).sort());
        for (const [name, gradient] of gradients) {
          const allowed = 1e-3 * norm(expected(name)) + 1e-6 * all;
          expect(distance(gradient, expected(name)), name).toBeLessThanOrEqual(allowed);
        }
        parameters.dispose();
      });
    },
  );

  const frozen: [string, (name: string) => boolean][] = [
    ['one weight', (name) => name === 'encoder.layer.1.output.dense.weight'],
    ['all biases', (name) => name.endsWith('bias')],
    ['the lower layer', (name) => name.includes('layer.0.')],
  ];
  it.each(frozen)('computes only the gradients of %s when everything else is frozen', async (_, isTrainable) => {
    await expectNoLeak(async () => {
      const parameters = pytorch.parameters(isTrainable);
      const { gradients } = await lossAndGradients(parameters, { pooling: 'mean', directions: 'queryToPassage' });
      const wanted = pytorch.tensors.map(({ name }) => name).filter(isTrainable);
      expect([...gradients.keys()].sort()).toEqual(wanted.sort());
      for (const [name, gradient] of gradients) {
        const expected = pytorch.values(`gradients/mean/${name}`);
        expect(distance(gradient, expected), name).toBeLessThan(1e-3 * norm(expected) + 1e-5);
      }
      parameters.dispose();
    });
  });

  it('computes the same bits whether or not layers are recomputed in the backward pass, with dropout', async () => {
    await expectNoLeak(async () => {
      const parameters = pytorch.parameters();
      const dropout = { rates: { hidden: 0.1, attention: 0.1 }, seed: 2, step: 7 };
      const testCase: Case = { pooling: 'mean', directions: 'both' };
      const kept = await lossAndGradients(parameters, testCase, dropout);
      expect(await lossAndGradients(parameters, testCase, dropout, { kind: 'recompute' })).toEqual(kept);
      parameters.dispose();
    });
  });

  const chunked: [number, number][] = [
    [1, 0],
    [16, 0],
    [7, 0.1],
    [20, 0.3],
    [1000, 0.1],
  ];
  it.each(chunked)(
    'computes the same gradients with GradCache as in one pass, tokens per chunk: %i, dropout: %f',
    async (tokensPerPass, rate) => {
      await expectNoLeak(async () => {
        const parameters = pytorch.parameters();
        const dropout = rate > 0 ? { rates: { hidden: rate, attention: rate }, seed: 2, step: 7 } : undefined;
        const testCase: Case = { pooling: 'mean', directions: 'both' };
        const plain = await lossAndGradients(parameters, testCase, dropout);
        const way: StepWay = { kind: 'gradCache', tokensPerPass };
        const cached = await lossAndGradients(parameters, testCase, dropout, way);
        expect(Math.abs(cached.loss - plain.loss)).toBeLessThan(1e-5 * plain.loss);
        const all = norm([...plain.gradients.values()].map(norm));
        for (const [name, gradient] of plain.gradients) {
          const off = distance(cached.gradients.get(name) ?? [], gradient);
          expect(off, name).toBeLessThan(1e-5 * norm(gradient) + 1e-7 * all);
        }
        expect(await lossAndGradients(parameters, testCase, dropout, way)).toEqual(cached);
        parameters.dispose();
      });
    },
  );
});

describe('the encoder with dropout', () => {
  it('has gradients that match finite differences of the loss', async () => {
    await expectNoLeak(async () => {
      const testCase: Case = { pooling: 'mean', directions: 'queryToPassage' };
      const dropout = { rates: { hidden: 0.2, attention: 0.3 }, seed: 3, step: 1 };
      const random = seededRandom(9);
      const lossAlong = async (distance: number, direction: Map<string, Float32Array>): Promise<number> => {
        const parameters = pytorch.parameters();
        for (const [name, d] of direction)
          parameters.write(
            name,
            pytorch.values(`weights/${name}`).map((value, i) => value + distance * (d[i] ?? NaN)),
          );
        const { loss } = await lossAndGradients(parameters, testCase, dropout);
        parameters.dispose();
        return loss;
      };
      const parameters = pytorch.parameters();
      const { gradients: host } = await lossAndGradients(parameters, testCase, dropout);
      parameters.dispose();
      const groups = [
        'embeddings.word',
        'embeddings.LayerNorm',
        'layer.0.attention.self',
        'layer.0.attention.output',
        'layer.0.output',
        'layer.1',
      ];
      for (const group of groups) {
        const direction = new Map(
          [...host].filter(([name]) => name.includes(group)).map(([name, g]) => [name, g.map(() => random() - 0.5)]),
        );
        const slope = [...direction].reduce(
          (sum, [name, d]) => sum + d.reduce((inner, x, i) => inner + x * (host.get(name)?.[i] ?? NaN), 0),
          0,
        );
        const step = 2e-3;
        const measured = ((await lossAlong(step, direction)) - (await lossAlong(-step, direction))) / (2 * step);
        expect(Math.abs(measured - slope), group).toBeLessThan(0.02 * Math.abs(slope) + 5e-3);
      }
    });
  });
});

describe('training a random BERT', () => {
  const stage = {
    loss: { kind: 'inBatchInfoNce', temperature: golden.temperature, directions: 'queryToPassage' },
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
          pytorch.anchors,
          pytorch.positives,
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

  it('resumes from saved weights and moments with the same bits, with and without dropout', async () => {
    const after = async (resumeAt: number, dropout: Stage['dropout']): Promise<Float32Array[]> => {
      let parameters = pytorch.parameters();
      let adamW = new AdamWState(parameters);
      for (let step = 1; step <= 3; step++) {
        if (step === resumeAt) ({ parameters, adamW } = await reopened(parameters, adamW));
        const config = { ...pytorch.config, hiddenDropout: 0.1, attentionDropout: 0.1 };
        const training = trainer(parameters, adamW, { config, dropout, seed: 5 });
        await training.step(pytorch.anchors, pytorch.positives, 1e-3, step);
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

  it(`holds as many arrays at step ${flatSteps} as at step 20, and at most 2% more bytes than by step 50`, async () => {
    const parameters = pytorch.parameters();
    const adamW = new AdamWState(parameters);
    const training = trainer(parameters, adamW);
    const counts: number[] = [];
    const bytes: number[] = [];
    for (let step = 1; step <= flatSteps; step++) {
      await training.step(pytorch.anchors, pytorch.positives, 1e-6, step);
      counts[step] = testDeviceLiveArrays();
      bytes[step] = testDeviceBytes();
    }
    expect(counts[flatSteps]).toBe(counts[20]);
    expect(Math.max(...bytes.slice(51))).toBeLessThanOrEqual(1.02 * Math.max(...bytes.slice(1, 51)));
    expect(() => checkDevice()).not.toThrow();
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
      const step = training.step(pytorch.anchors, pytorch.positives, 1e-3, 2);
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
      const step = training.step(pytorch.anchors, pytorch.positives, 1e-3, 4);
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
