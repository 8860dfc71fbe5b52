import { infoNceLoss } from '../../workers/engine/losses/infoNce';
import type { Loss, LossTargets } from '../../workers/engine/losses/loss';
import { lossMaskBits } from '../../workers/engine/losses/lossMask';
import { matryoshkaLoss } from '../../workers/engine/losses/matryoshka';
import { beforeAll, describe, expect, it } from 'vitest';
import type { StepStrategy } from '../../src/domain/memory/stepStrategy';
import { hiddenStates } from './hiddenStates';
import type { DropoutPlaces } from '../../workers/engine/ops/dropout/dropoutPlaces';
import type { ParameterStore } from '../../workers/engine/model/parameterStore';
import { SegmentTable } from '../../workers/engine/model/segmentTable';
import { golden, loadGoldenModel } from './golden';
import { seededRandom } from './random';
import { openTestDevice } from './testDevice';
import { computeGradients } from '../../workers/engine/gradients';
import { distance, maxDifference, norm } from './differences';
import { expectNoLeak } from './expectNoLeak';

type Golden = Awaited<ReturnType<typeof loadGoldenModel>>;
let pytorch: Golden;

beforeAll(async () => {
  await openTestDevice();
  pytorch = await loadGoldenModel();
});

type Case = { pooling: 'mean' | 'cls'; directions: 'queryToPassage' | 'both'; loss?: Loss; targets?: LossTargets };

type Computed = { loss: number; gradients: Map<string, Float32Array> };

/** Returns the loss and the gradients of the trainable parameters. */
async function lossAndGradients(
  { segments: weights }: ParameterStore,
  { pooling, directions, targets, loss = infoNceLoss({ temperature: golden.temperature, directions }) }: Case,
  dropout?: DropoutPlaces,
  stepStrategy?: StepStrategy,
): Promise<Computed> {
  const { engine } = weights;
  const into = { numbers: engine.pool.allocate([8]), gradients: new SegmentTable(engine, weights.layout, 'trainable') };
  const { anchors, positives, config } = pytorch;
  computeGradients(
    { engine, weights, config, dropout },
    { anchors, candidates: positives, targets },
    { pooling, loss, stepStrategy },
    into,
  );
  const [value = NaN] = await engine.commands.read(into.numbers);
  const gradients = new Map<string, Float32Array>();
  for (const { name } of pytorch.tensors)
    if (into.gradients.has(name)) gradients.set(name, await into.gradients.read(name));
  engine.pool.free(into.numbers);
  into.gradients.dispose();
  return { loss: value, gradients };
}

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

  it('computes a loss with every option in each step strategy, and the same bits twice', async () => {
    await expectNoLeak(async () => {
      const parameters = pytorch.parameters();
      const directions = 'both' as const;
      const options = {
        temperature: 0.1,
        directions,
        softmax: 'joint',
        sameSide: 'both',
        hardness: { mode: 'inBatch', strength: 3 },
        falseNegatives: { byScore: { kind: 'absolute', margin: 0.001 } },
      } as const;
      const prefixes = [8, 4].map((dimension) => ({ dimension, weight: 1 / dimension }));
      const texts = pytorch.anchors.offsets.length - 1;
      const targets = { leftOut: lossMaskBits([[1], ...Array.from({ length: texts - 1 }, () => [])], texts) };
      const testCase: Case = {
        pooling: 'mean',
        directions,
        targets,
        loss: matryoshkaLoss(infoNceLoss(options), prefixes),
      };
      const plain = await lossAndGradients(parameters, testCase);
      expect(plain.loss).toBeGreaterThan(0);
      expect(await lossAndGradients(parameters, testCase)).toEqual(plain);
      expect(await lossAndGradients(parameters, testCase, undefined, { kind: 'recompute' })).toEqual(plain);
      const cached = await lossAndGradients(parameters, testCase, undefined, { kind: 'gradCache', tokensPerPass: 16 });
      expect(Math.abs(cached.loss - plain.loss)).toBeLessThan(1e-5 * plain.loss);
      const all = norm([...plain.gradients.values()].map(norm));
      for (const [name, gradient] of plain.gradients) {
        const off = distance(cached.gradients.get(name) ?? [], gradient);
        expect(off, name).toBeLessThan(1e-4 * norm(gradient) + 1e-6 * all);
      }
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
        const stepStrategy: StepStrategy = { kind: 'gradCache', tokensPerPass };
        const cached = await lossAndGradients(parameters, testCase, dropout, stepStrategy);
        expect(Math.abs(cached.loss - plain.loss)).toBeLessThan(1e-5 * plain.loss);
        const all = norm([...plain.gradients.values()].map(norm));
        for (const [name, gradient] of plain.gradients) {
          const off = distance(cached.gradients.get(name) ?? [], gradient);
          expect(off, name).toBeLessThan(1e-5 * norm(gradient) + 1e-7 * all);
        }
        expect(await lossAndGradients(parameters, testCase, dropout, stepStrategy)).toEqual(cached);
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
          // Along the signs of the gradients, every number adds to the slope, so an error in any of them shows.
          [...host]
            .filter(([name]) => name.includes(group))
            .map(([name, g]) => [name, g.map((x) => Math.sign(x) * random())]),
        );
        const slope = [...direction].reduce(
          (sum, [name, d]) => sum + d.reduce((inner, x, i) => inner + x * (host.get(name)?.[i] ?? NaN), 0),
          0,
        );
        const step = 5e-4;
        const measured = ((await lossAlong(step, direction)) - (await lossAlong(-step, direction))) / (2 * step);
        expect(Math.abs(measured / slope - 1), group).toBeLessThan(2e-3);
      }
    });
  });
});
