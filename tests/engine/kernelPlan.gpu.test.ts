import { infoNceLoss } from '../../workers/engine/losses/infoNce';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unmeasuredPlan, type KernelPlan, type MatmulTiling } from '../../src/domain/kernelPlan';
import { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { tuneMatmul } from '../../workers/engine/tuning/tuneMatmul';
import { parameterShapes } from '../../workers/engine/model/parameterShapes';
import { layOutSegments } from '../../workers/engine/model/segmentLayout';
import { SegmentTable } from '../../workers/engine/model/segmentTable';
import { backwardShapes, forwardShapes } from '../../workers/engine/tuning/modelShapes';
import { planKey } from '../../workers/engine/ops/matmul/planKey';
import { Trainer } from '../../workers/engine/trainer';
import { adamWConfig, bertConfig } from './configs';
import { engineOf, useEngines } from './engines';
import { seededRandom } from './random';
import { tokenBatch } from './tokenBatch';
import { tensorLayout } from './tensorLayout';

// Shares the device with other files, because compiling all kernels of a step again would take half a minute.
useEngines();
let gpu: WebGpuEngine;
beforeAll(() => {
  const engine = engineOf('hardware');
  if (!(engine instanceof WebGpuEngine)) throw new Error('no WebGPU');
  gpu = engine;
});
afterAll(() => {
  gpu.plan = undefined;
});

const config = bertConfig({
  layers: 1,
  hiddenSize: 32,
  heads: 2,
  intermediateSize: 64,
  vocabularySize: 50,
  maxPositions: 32,
});

/** Tokens in 2 × 40 texts of 16 tokens: enough rows to sum a weight gradient in several chunks. */
const tokens = 1280;
const texts = (shift: number) =>
  tokenBatch(
    Array.from({ length: 40 }, (_, text) => Array.from({ length: 16 }, (_, i) => (text * 31 + i * 7 + shift) % 50)),
  );

/** Returns the weights after two training steps under a kernel plan. */
async function trained(plan: KernelPlan | undefined): Promise<Float32Array[]> {
  gpu.plan = plan;
  const random = seededRandom(3);
  const tensors = tensorLayout(parameterShapes(config));
  const segments = layOutSegments(tensors);
  const table = (kind: 'all' | 'trainable') => new SegmentTable(gpu, segments, kind);
  const [weights, m, v] = [table('all'), table('trainable'), table('trainable')];
  for (const { name, length } of tensors)
    weights.write(
      name,
      Float32Array.from({ length }, () => (name.endsWith('Norm.weight') ? 1 : 0.2 * (random() - 0.5))),
    );
  const loss = infoNceLoss({ temperature: 0.05, directions: 'queryToPassage' });
  const optimizer = adamWConfig(1e-3);
  const trainer = new Trainer({ config, pooling: 'mean', loss, optimizer, dropout: 0, seed: 1 }, weights, { m, v });
  for (let step = 1; step <= 2; step++) await trainer.step({ anchors: texts(0), candidates: texts(5) }, 1e-3, step);
  const after: Float32Array[] = [];
  for (const { name } of tensors) after.push(await weights.read(name));
  trainer.dispose();
  for (const each of [weights, m, v]) each.dispose();
  return after;
}

/** Returns a plan that tiles every product of a step in the same way. */
function uniformPlan(tiling: MatmulTiling): KernelPlan {
  const shapes = [...forwardShapes(config, tokens), ...backwardShapes(config, tokens)];
  return { ...unmeasuredPlan('webgpu'), matmul: Object.fromEntries(shapes.map((shape) => [planKey(shape), tiling])) };
}

describe('the kernel plan of a run', () => {
  it('changes no bit of the weights', async () => {
    const byRules = await trained(undefined);
    const shared = { threadRows: 4, threadColumns: 8, workgroup: [4, 8], sharedDepth: 8 } as const;
    const registers = { threadRows: 8, threadColumns: 4, workgroup: [4, 1], sharedDepth: 0 } as const;
    for (const tiling of [shared, registers]) expect(await trained(uniformPlan(tiling))).toEqual(byRules);
  });

  it('comes from times measured on this device, and no tiling is slower than the default one', async () => {
    gpu.plan = undefined;
    const before = gpu.pool.liveArrays;
    const shapes = [...forwardShapes(config, tokens), ...backwardShapes(config, tokens)];
    const tuned = await tuneMatmul(gpu, shapes, { budgetMs: 3000 });
    expect(tuned.length).toBeGreaterThan(0);
    for (const { gflops, defaultGflops } of tuned) expect(gflops).toBeGreaterThanOrEqual(defaultGflops);
    expect(gpu.pool.liveArrays).toBe(before);
  });
});
