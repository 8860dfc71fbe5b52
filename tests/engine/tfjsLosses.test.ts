import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import golden from '../fixtures/engine/tfjsLosses.json';
import { KernelCollector } from '../../workers/engine/gpu/kernelCollector';
import { openTfjsLoss } from '../../workers/services/train/tfjsLoss';
import { distance, norm } from './differences';
import { engineKinds, engineOf, useEngines } from './engines';
import { drawBatch, lossCases, stepOf, type LossBatch } from './vectorLosses';

useEngines();

const floats = (values: readonly number[]): Float32Array<ArrayBuffer> => Float32Array.from(values);

function goldenBatch(negatives: number): LossBatch {
  const anchors = floats(golden.anchors);
  const rows = anchors.length / golden.width;
  return {
    width: golden.width,
    anchors,
    candidates: floats(golden.candidates.slice(0, anchors.length * (1 + negatives))),
    targets: {
      scores: floats(golden.scores),
      teacherScores: { values: floats(golden.teacherScores), shape: [rows, 1 + golden.negatives] },
    },
  };
}

/**
 * Removes the part of each row that is parallel to its unit vector. sentence-transformers' cosines normalize the
 * vectors, so their gradients do not have this part.
 */
function tangential(gradient: Float32Array<ArrayBuffer> | Float32Array, unit: Float32Array): Float32Array {
  const { width } = golden;
  return gradient.map((x, i) => {
    const row = i - (i % width);
    let radial = 0;
    for (let e = row; e < row + width; e++) radial += (gradient[e] ?? NaN) * (unit[e] ?? NaN);
    return x - radial * (unit[i] ?? NaN);
  });
}

describe.each(engineKinds)('losses computed by tfjs beside the %s engine', (kind) => {
  it.each(lossCases)('have the golden value and gradients for $name, times the scale', async (lossCase) => {
    const engine = engineOf(kind);
    const { loss, close } = await openTfjsLoss(engine, lossCase.loss);
    const batch = goldenBatch(lossCase.negatives);
    const step = stepOf(engine, loss, batch);
    const one = await step.read();
    const scaled = await step.read(1024);
    step.free();
    close();
    const expected = golden[lossCase.name as 'angle'];
    expect(Math.abs((one.numbers[0] ?? NaN) - expected.loss)).toBeLessThan(1e-4 * expected.loss);
    for (const [i, side] of (['anchors', 'candidates'] as const).entries()) {
      const wanted = tangential(floats(expected.gradients[i] ?? []), batch[side]);
      expect(distance(tangential(one[side], batch[side]), wanted)).toBeLessThan(1e-3 * norm(wanted));
    }
    expect(scaled.numbers).toEqual(one.numbers);
    for (const side of ['anchors', 'candidates'] as const)
      expect(
        distance(
          scaled[side],
          one[side].map((x) => 1024 * x),
        ),
      ).toBeLessThan(1e-5 * 1024 * norm(one[side]));
  });

  it.each(lossCases)('have the same bits in three runs for $name', async (lossCase) => {
    const engine = engineOf(kind);
    const { loss, close } = await openTfjsLoss(engine, lossCase.loss);
    for (const [anchors, width] of [[33, 256], ...(kind === 'wasm' ? [] : ([[64, 768]] as const))] as const) {
      const step = stepOf(engine, loss, drawBatch(anchors, width, lossCase.negatives));
      const first = await step.read();
      expect(first.numbers.every(Number.isFinite)).toBe(true);
      for (let run = 0; run < 2; run++) expect(await step.read()).toEqual(first);
      step.free();
    }
    close();
  });

  it('report accuracy and scores of the pairs in the sigmoid pair loss', async () => {
    const engine = engineOf(kind);
    const [{ loss: pairs }] = lossCases as [(typeof lossCases)[number]];
    const { loss, close } = await openTfjsLoss(engine, pairs);
    // Anchors along three axes; the third candidate is nearest to the second anchor.
    const anchors = floats([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]);
    const candidates = floats([1, 0, 0, 0, 0, 0.6, 0, 0.8, 0, 0.8, 0.6, 0]);
    const step = stepOf(engine, loss, { width: 4, anchors, candidates, targets: {} });
    const { numbers } = await step.read();
    step.free();
    close();
    expect(loss.numbers).toEqual(['loss', 'inBatchAccuracy', 'positiveScore', 'negativeScore']);
    expect(numbers[1]).toBeCloseTo(2 / 3, 6);
    expect(numbers[2]).toBeCloseTo((1 + 0.6 + 0.6) / 3, 6);
    expect(numbers[3]).toBeCloseTo(0.8 / 6, 6);
  });

  it('leave tensors and bytes unchanged after 200 steps', async () => {
    const engine = engineOf(kind);
    for (const lossCase of lossCases) {
      const { loss, close } = await openTfjsLoss(engine, lossCase.loss);
      const step = stepOf(engine, loss, drawBatch(8, 16, lossCase.negatives));
      const held = () => {
        const { numTensors, numBytes, ...memory } = tf.memory();
        const gpu = (memory as { numBytesInGPU?: number; numBytesAllocatedInGPU?: number }).numBytesAllocatedInGPU ?? 0;
        return { numTensors, numBytes, gpu, arrays: engine.pool.liveArrays, bytes: engine.pool.totalBytes };
      };
      for (let i = 0; i < 3; i++) step.run();
      await step.read();
      const before = held();
      for (let i = 0; i < 200; i++) step.run();
      await step.read();
      expect(held()).toEqual(before);
      step.free();
      close();
    }
  });

  it('leave nothing in the registries of tfjs, and open again', async () => {
    const engine = engineOf(kind);
    const registered = () => ({
      backend: tf.getBackend(),
      kernels: tf.getKernelsForBackend('engine').length,
      factory: tf.findBackendFactory('engine') ?? null,
      sum: tf.getGradient(tf.Sum),
      tensors: tf.memory().numTensors,
    });
    const before = registered();
    for (const { loss } of lossCases) {
      const open = await openTfjsLoss(engine, loss);
      expect(registered()).not.toEqual(before);
      await expect(openTfjsLoss(engine, loss)).rejects.toThrow('already open');
      open.close();
      expect(registered()).toEqual(before);
    }
  });
});

it('a loss computed by tfjs only allocates its gradients on an engine that collects kernels', async () => {
  const collector = new KernelCollector(engineOf('wasm'));
  const { loss, close } = await openTfjsLoss(collector, lossCases[0]!.loss);
  const vectors = { anchors: collector.pool.allocate([4, 8]), candidates: collector.pool.allocate([4, 8]) };
  const d = loss.run(collector, vectors, {}, 1, collector.pool.allocate([loss.numbers.length]));
  expect([d.anchors.shape, d.candidates.shape, collector.kernels]).toEqual([[4, 8], [4, 8], []]);
  close();
});

it('a loss computed by tfjs names the target that a batch lacks', async () => {
  const engine = engineOf('wasm');
  const { loss, close } = await openTfjsLoss(engine, lossCases[2]!.loss);
  const { targets: _, ...batch } = drawBatch(4, 8, 0);
  const step = stepOf(engine, loss, { ...batch, targets: {} });
  expect(() => step.run()).toThrow('the batch has no scores');
  step.free();
  close();
});
