import { beforeAll, describe, expect, it } from 'vitest';
import strategies from '../fixtures/engine/strategies.json';
import type { Stage } from '../../src/domain/experiment';
import { trainedBy } from '../../src/domain/train/trainedParameters';
import { infoNceLoss } from '../../workers/engine/losses/infoNce';
import { AdamWState } from '../../workers/engine/model/adamWState';
import { Trainer, type TrainerNumbers } from '../../workers/engine/trainer';
import { expectNoLeak } from './expectNoLeak';
import { golden, loadGoldenModel } from './golden';
import { openTestDevice } from './testDevice';

let pytorch: Awaited<ReturnType<typeof loadGoldenModel>>;

beforeAll(async () => {
  await openTestDevice();
  pytorch = await loadGoldenModel();
});

type Choice = Pick<Stage, 'strategy' | 'frozen'>;
const lowest = { embeddings: true, layers: 1 };
const bitFit = (keyword: string): Choice => ({ strategy: { kind: 'bitFit', keywords: [keyword] } });
const choices: [string, keyof typeof strategies.strategies, Choice][] = [
  ['BitFit', 'bias', bitFit('bias')],
  ['the query matrices, which share a matrix with frozen keys and values', 'query', bitFit('query')],
  ['the upper layer only', 'frozen', { strategy: { kind: 'full' }, frozen: lowest }],
  ['the biases of the upper layer only', 'frozenBias', { ...bitFit('bias'), frozen: lowest }],
];

/** Trains for 50 steps; returns the numbers of each step and the bits of all weights. */
async function trained(choice: Choice): Promise<{ steps: TrainerNumbers[]; weights: Map<string, Uint32Array> }> {
  const parameters = pytorch.parameters(trainedBy(choice));
  const adamW = new AdamWState(parameters);
  const optimizer = { kind: 'adamW', ...golden.optimizer } as const;
  const loss = infoNceLoss({ temperature: golden.temperature, directions: 'queryToPassage' });
  const options = { config: pytorch.config, pooling: 'mean', loss, optimizer, dropout: 0, seed: 1 } as const;
  const trainer = new Trainer(options, parameters.segments, adamW.segments);
  const batch = { anchors: pytorch.anchors, candidates: pytorch.positives };
  const steps: TrainerNumbers[] = [];
  for (let step = 1; step <= 50; step++) steps.push(await trainer.step(batch, strategies.learningRate, step));
  const weights = new Map<string, Uint32Array>();
  for (const { name } of pytorch.tensors) weights.set(name, new Uint32Array((await parameters.read(name)).buffer));
  trainer.dispose();
  adamW.dispose();
  parameters.dispose();
  return { steps, weights };
}

describe('training with a strategy', () => {
  it.each(choices)(
    'follows PyTorch for 50 steps and leaves every frozen byte as it was: %s',
    async (_, key, choice) => {
      await expectNoLeak(async () => {
        const expected = strategies.strategies[key];
        const { steps, weights } = await trained(choice);
        expect(
          pytorch.tensors
            .map(({ name }) => name)
            .filter(trainedBy(choice))
            .sort(),
        ).toEqual(expected.trained.sort());
        for (const [i, [loss = NaN]] of expected.steps.entries())
          expect(Math.abs((steps[i]?.loss ?? NaN) - loss), `step ${i + 1}`).toBeLessThan(Math.max(0.002 * loss, 0.001));
        for (const { name } of pytorch.tensors) {
          const before = new Uint32Array(new Float32Array(pytorch.values(`weights/${name}`)).buffer);
          const unchanged = before.every((bits, i) => bits === weights.get(name)?.[i]);
          expect(unchanged, name).toBe(!expected.trained.includes(name));
        }
      });
    },
  );

  it('gives the same bits when it is repeated', async () => {
    const [first, second] = [await trained(bitFit('query')), await trained(bitFit('query'))];
    expect(second).toEqual(first);
  });
});
