import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { deviceEngine } from '../../workers/services/device/openDevice';
import { infoNceLoss } from '../../workers/engine/losses/infoNce';
import { infoNceBackward, infoNceForward } from '../reference/engine/losses/infoNce';
import { packTokens } from '../../workers/engine/model/packedTokens';
import { joinTokenBatches } from '../../workers/engine/model/tokenBatch';
import { SegmentTable } from '../../workers/engine/model/segmentTable';
import type { DropoutPlaces } from '../../workers/engine/ops/dropout/dropoutPlaces';
import { poolingBackward, poolingForward } from '../reference/engine/ops/pooling';
import { encoderBackward, encoderForward } from '../reference/engine/encoder';
import { TensorTable } from '../reference/engine/tensorTable';
import { readTensor } from '../reference/engine/readTensor';
import { golden, loadGoldenModel } from './golden';
import { openTestDevice } from './testDevice';
import { openTfjsReference } from './tfjsReference';
import { computeGradients } from '../../workers/engine/gradients';
import { distance, norm } from './differences';
import { expectNoLeak } from './expectNoLeak';

type Golden = Awaited<ReturnType<typeof loadGoldenModel>>;
type Computed = { loss: number; gradients: Map<string, Float32Array> };
const loss = { temperature: golden.temperature, directions: 'queryToPassage' } as const;
let pytorch: Golden;

beforeAll(async () => {
  await openTfjsReference();
  await openTestDevice();
  pytorch = await loadGoldenModel();
});

async function byReference(dropout: DropoutPlaces | undefined): Promise<Computed> {
  const { anchors: first, positives: second, config } = pytorch;
  const parameters = new TensorTable(pytorch.tensors);
  for (const { name } of pytorch.tensors) parameters.write(name, pytorch.values(`weights/${name}`));
  const computed = tf.tidy(() => {
    const tokens = packTokens(joinTokenBatches(first, second), config);
    const context = { parameters, config, tokens, dropout };
    const { hidden, saved } = encoderForward(context);
    const pooled = poolingForward(hidden, tokens, 'mean');
    const [anchors, positives] = tf.split(pooled.y, 2);
    if (!anchors || !positives) throw new Error('split');
    const { loss: value, saved: lossSaved } = infoNceForward(anchors, positives, loss);
    const d = infoNceBackward(lossSaved);
    const dHidden = poolingBackward(tf.concat([d.anchors, d.candidates], 0), pooled.saved);
    return { loss: value, gradients: encoderBackward(dHidden, saved, context, () => true) };
  });
  const [value = NaN] = await readTensor(computed.loss);
  const gradients = new Map<string, Float32Array>();
  for (const [name, gradient] of Object.entries(computed.gradients)) gradients.set(name, await readTensor(gradient));
  tf.dispose([computed.loss, computed.gradients]);
  parameters.dispose();
  return { loss: value, gradients };
}

async function byKernels(dropout: DropoutPlaces): Promise<Computed> {
  const { anchors, positives, config } = pytorch;
  const engine = deviceEngine();
  const parameters = pytorch.parameters();
  const { segments: weights } = parameters;
  const into = { numbers: engine.pool.allocate([8]), gradients: new SegmentTable(engine, weights.layout, 'trainable') };
  const options = { pooling: 'mean', loss: infoNceLoss(loss) } as const;
  computeGradients({ engine, weights, config, dropout }, { anchors, candidates: positives }, options, into);
  const [value = NaN] = await engine.commands.read(into.numbers);
  const gradients = new Map<string, Float32Array>();
  for (const { name } of pytorch.tensors) gradients.set(name, await into.gradients.read(name));
  engine.pool.free(into.numbers);
  into.gradients.dispose();
  parameters.dispose();
  return { loss: value, gradients };
}

function expectSameGradients(computed: Computed, expected: (name: string) => Float32Array): void {
  const names = pytorch.tensors.map(({ name }) => name);
  expect([...computed.gradients.keys()].sort()).toEqual([...names].sort());
  const all = norm(names.map((name) => norm(expected(name))));
  for (const [name, gradient] of computed.gradients) {
    const allowed = 1e-3 * norm(expected(name)) + 1e-6 * all;
    expect(distance(gradient, expected(name)), name).toBeLessThanOrEqual(allowed);
  }
}

/** Tests the tfjs reference itself, because the kernel tests rely on it. */
describe('the reference encoder on a random BERT', () => {
  it("matches PyTorch's loss and the gradient of every parameter", async () => {
    await expectNoLeak(async () => {
      const computed = await byReference(undefined);
      expect(computed.loss).toBeCloseTo(golden.losses['mean/queryToPassage'], 5);
      expectSameGradients(computed, (name) => pytorch.values(`gradients/mean/${name}`));
    });
  });

  it.each([
    [0.1, 0.3],
    [0.2, 0],
    [0, 0.2],
  ])('drops the same elements as the kernels at hidden rate %f and attention rate %f', async (hidden, attention) => {
    await expectNoLeak(async () => {
      const dropout = { rates: { hidden, attention }, seed: 11, step: 3 };
      const expected = await byReference(dropout);
      const computed = await byKernels(dropout);
      expect(Math.abs(computed.loss - expected.loss)).toBeLessThan(1e-4 * expected.loss);
      expect(Math.abs(computed.loss - golden.losses['mean/queryToPassage'])).toBeGreaterThan(1e-3);
      expectSameGradients(computed, (name) => expected.gradients.get(name) ?? new Float32Array());
    });
  });
});
