import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { infoNceBackward, infoNceForward } from '../../workers/engine/losses/infoNce';
import { joinBatches, packTokens } from '../../workers/engine/model/packedTokens';
import { poolingBackward, poolingForward } from '../../workers/engine/ops/pooling/pooling';
import { backward, forward } from '../../workers/engine/reference/encoder';
import { readTensor, TensorTable } from '../../workers/engine/reference/tensorTable';
import { golden, loadGolden } from './golden';
import { distance, expectNoLeak, norm, openReference } from './support';

beforeAll(openReference);

/** The reference that kernels are compared with has to be right itself. */
describe('the reference encoder against PyTorch, on a random BERT', () => {
  it('gives the same loss and gradient of every parameter', async () => {
    await expectNoLeak(async () => {
      const pytorch = await loadGolden();
      const parameters = new TensorTable(pytorch.tensors);
      for (const { name } of pytorch.tensors) parameters.write(name, pytorch.values(`weights/${name}`));
      const { loss, gradients } = tf.tidy(() => {
        const tokens = packTokens(joinBatches(pytorch.anchors, pytorch.positives), pytorch.config);
        const context = { parameters, config: pytorch.config, tokens, dropout: undefined };
        const { hidden, saved } = forward(context);
        const pooled = poolingForward(hidden, tokens, 'mean');
        const [anchors, positives] = tf.split(pooled.y, 2);
        if (!anchors || !positives) throw new Error('split');
        const options = { temperature: golden.temperature, directions: 'queryToPassage' } as const;
        const { loss, saved: lossSaved } = infoNceForward(anchors, positives, options);
        const d = infoNceBackward(lossSaved);
        const dHidden = poolingBackward(tf.concat([d.anchors, d.candidates], 0), pooled.saved);
        return { loss, gradients: backward(dHidden, saved, context, () => true) };
      });
      const [value = NaN] = await readTensor(loss);
      expect(value).toBeCloseTo(golden.losses['mean/queryToPassage'], 5);
      const expected = (name: string): Float32Array => pytorch.values(`gradients/mean/${name}`);
      const all = norm(pytorch.tensors.map(({ name }) => norm(expected(name))));
      expect(Object.keys(gradients).sort()).toEqual(pytorch.tensors.map(({ name }) => name).sort());
      for (const [name, gradient] of Object.entries(gradients)) {
        const allowed = 1e-3 * norm(expected(name)) + 1e-6 * all;
        expect(distance(await readTensor(gradient), expected(name)), name).toBeLessThanOrEqual(allowed);
      }
      tf.dispose([loss, gradients]);
      parameters.dispose();
    });
  });
});
