import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LossSettings } from '../../src/domain/train/lossSchema';
import { closeDevice, deviceWebGpu } from '../../workers/services/device/openDevice';
import type { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { statPlaneCount } from '../../workers/engine/losses/infoNceParams';
import { parameterCount } from '../../workers/engine/memory/parameterCount';
import { stepMemoryNeed } from '../../workers/engine/memory/stepMemory';
import { openTfjsLoss } from '../../workers/services/train/tfjsLoss';
import { bertBase } from './configs';
import { expectInEngineDoc } from './expectInEngineDoc';
import { openTestDevice } from './testDevice';
import { drawBatch, lossCases, stepOf } from './vectorLosses';

async function openEngine(): Promise<WebGpuEngine> {
  await openTestDevice();
  const engine = deviceWebGpu();
  if (!engine) throw new Error('no WebGPU');
  return engine;
}

/** Counts calls of WebGPU, by tfjs and by the engine. */
const calls = { dispatchWorkgroups: 0, submit: 0, mapAsync: 0, createBuffer: 0 };
const restore: (() => void)[] = [];

function count<T extends object>(prototype: T, name: keyof T & keyof typeof calls): void {
  const original = prototype[name] as (...given: unknown[]) => unknown;
  const counted = function (this: T, ...given: unknown[]): unknown {
    calls[name]++;
    return original.apply(this, given);
  };
  Object.defineProperty(prototype, name, { value: counted, configurable: true, writable: true });
  restore.push(() => Object.defineProperty(prototype, name, { value: original, configurable: true, writable: true }));
}

beforeAll(() => {
  count(GPUComputePassEncoder.prototype, 'dispatchWorkgroups');
  count(GPUQueue.prototype, 'submit');
  count(GPUBuffer.prototype, 'mapAsync');
  count(GPUDevice.prototype, 'createBuffer');
});
afterAll(() => {
  for (const undo of restore) undo();
});

/** How docs/engine.md states the dispatches of each loss. */
const inDoc: Record<string, (dispatches: number) => string> = {
  sigmoidPairs: (dispatches) => `${dispatches} dispatches for sigmoid pairs`,
  angle: (dispatches) => `${dispatches} AnglE`,
  cosineMse: (dispatches) => `${dispatches} cosine MSE`,
  triplet: (dispatches) => `${dispatches} triplet (`,
  tripletEuclidean: (dispatches) => `(${dispatches} Euclidean)`,
  distillation: (dispatches) => `${dispatches} distillation`,
};

it.each(lossCases)('$name takes few dispatches and submits per step, and reads nothing back', async (lossCase) => {
  const engine = await openEngine();
  const { loss, close } = await openTfjsLoss(engine, lossCase.loss);
  const step = stepOf(engine, loss, drawBatch(64, 768, lossCase.negatives));
  for (let i = 0; i < 2; i++) step.run();
  await step.read();
  Object.assign(calls, { dispatchWorkgroups: 0, submit: 0, mapAsync: 0, createBuffer: 0 });
  step.run();
  expect(calls.dispatchWorkgroups).toBeGreaterThan(0);
  expect(calls.dispatchWorkgroups).toBeLessThanOrEqual(60);
  expect(calls.submit).toBeLessThanOrEqual(3);
  expect([calls.mapAsync, calls.createBuffer]).toEqual([0, 0]);
  await expectInEngineDoc(inDoc[lossCase.name]?.(calls.dispatchWorkgroups) ?? lossCase.name);
  await step.read();
  step.free();
  close();
});

it('the sigmoid pair loss of 64 pairs leaves tensors and bytes unchanged after 200 steps', async () => {
  const engine = await openEngine();
  const [pairsCase] = lossCases;
  if (!pairsCase) throw new Error('no loss');
  const { loss, close } = await openTfjsLoss(engine, pairsCase.loss);
  // A step makes the same tensors whatever the width of the vectors, and narrow ones take a quarter of the time.
  const step = stepOf(engine, loss, drawBatch(64, 64, 0));
  const held = () => ({ ...tf.memory(), arrays: engine.pool.liveArrays, bytes: engine.pool.totalBytes });
  for (let i = 0; i < 3; i++) step.run();
  await step.read();
  const before = held();
  for (let i = 0; i < 200; i++) step.run();
  await step.read();
  expect(held()).toEqual(before);
  step.free();
  close();
});

/** The losses of experiments, with their cases and the batches whose memory is measured. */
const planned: { settings: LossSettings; name: string; shapes: readonly (readonly [number, number])[] }[] = [
  {
    settings: { kind: 'sigmoidPairs', temperature: 0.05 },
    name: 'sigmoidPairs',
    shapes: [
      [16, 64],
      [128, 64],
      [64, 256],
    ],
  },
  {
    settings: { kind: 'triplet', distance: 'cosine', margin: 0.8 },
    name: 'triplet',
    shapes: [
      [16, 64],
      [64, 256],
    ],
  },
  {
    settings: { kind: 'triplet', distance: 'euclidean', margin: 0.8 },
    name: 'tripletEuclidean',
    shapes: [
      [16, 64],
      [64, 256],
    ],
  },
  {
    settings: { kind: 'distillation', temperature: 0.05, teacherTemperature: 2 },
    name: 'distillation',
    shapes: [
      [16, 64],
      [64, 256],
    ],
  },
  {
    settings: { kind: 'cosineMse' },
    name: 'cosineMse',
    shapes: [
      [16, 64],
      [128, 64],
      [64, 256],
    ],
  },
];

it.each(planned)('$name holds the memory that the plan counts, from a few pairs to many', async (loss) => {
  const engine = await openEngine();
  const lossCase = lossCases.find(({ name }) => name === loss.name);
  if (!lossCase) throw new Error('no loss');
  const count = parameterCount(bertBase);
  const bytesWith = (pairs: number, hiddenSize: number, settings?: LossSettings): number => {
    const candidates = pairs * (1 + lossCase.negatives);
    const shape = { pairs, candidates, tokens: 4, longest: 4, loss: settings };
    return stepMemoryNeed({ ...bertBase, hiddenSize }, { all: count, trained: count }, shape, { kind: 'plain' }).total;
  };
  for (const [pairs, width] of loss.shapes) {
    const { loss: opened, close } = await openTfjsLoss(engine, lossCase.loss);
    const step = stepOf(engine, opened, drawBatch(pairs, width, lossCase.negatives));
    for (let i = 0; i < 3; i++) await step.read();
    const { numBytesAllocatedInGPU: held = NaN } = tf.memory() as { numBytesAllocatedInGPU?: number };
    step.free();
    close();
    const candidates = pairs * (1 + lossCase.negatives);
    const mask = candidates > pairs ? pairs * Math.ceil(candidates / 32) : 0;
    const infoNce = 4 * (2 * pairs * candidates + statPlaneCount * pairs + mask);
    const plan = bytesWith(pairs, width, loss.settings) - bytesWith(pairs, width) + infoNce;
    expect(held).toBeLessThanOrEqual(plan);
    expect(held).toBeGreaterThan(0.9 * plan);
  }
});

it('the losses open on a new device after the old one was lost or closed', async () => {
  const [lossCase] = lossCases;
  if (!lossCase) throw new Error('no loss');
  const results = [];
  for (const end of ['lost', 'closed', 'kept'] as const) {
    const engine = await openEngine();
    const { loss, close } = await openTfjsLoss(engine, lossCase.loss);
    const step = stepOf(engine, loss, drawBatch(8, 16, lossCase.negatives));
    results.push(await step.read());
    if (end === 'lost') {
      engine.device.destroy();
      await engine.device.lost;
      step.run(); // commands on a lost device do nothing
    }
    step.free();
    close();
    if (end !== 'kept') closeDevice();
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});
