import { canonicalJson } from '../../../src/domain/canonicalJson';
import { kernelsVersion, parseKernelPlan, unmeasuredPlan, type KernelPlan } from '../../../src/domain/kernelPlan';
import type { EncoderConfig } from '../../../src/domain/model';
import type { Precision } from '../../../src/domain/experiment';
import type { DeviceInfo } from '../../../src/domain/run';
import type { Database } from '../../../src/storage/database';
import { getKernelPlan, putKernelPlan } from '../../../src/storage/kernelPlans';
import type { WebGpuEngine } from '../../engine/gpu/webGpuEngine';
import { planChoices, tuneMatmul } from '../../engine/tuning/tuneMatmul';
import { tilingFits } from '../../engine/tuning/candidates';
import { backwardShapes, forwardShapes } from '../../engine/tuning/modelShapes';
import { planKey, type MatmulShape } from '../../engine/ops/matmul/choice';
import { kernelLimits } from '../../engine/tuning/kernelLimits';
import type { TuneOptions } from '../../engine/tuning/measuredShape';

/** Measuring before a run takes at most about this long; a run takes minutes. */
const budgetMs = 5000;

export interface PlanInput {
  db: Database;
  /** Null on wasm. */
  gpu: WebGpuEngine | null;
  device: DeviceInfo;
  /** Name and version, as it calls itself. */
  browser: string;
  config: EncoderConfig;
  /** Tokens that go through the encoder at once, in training and in encoding. */
  tokens: { training: number; encoding: number };
  /** Of the stages; full where none is named. */
  precisions?: readonly Precision[];
}

/**
 * The plan of a run: the one in its record, so that a run that goes on adds in the same order; else the one measured earlier on this adapter;
 * else one that is measured now. A recorded plan that the device or this version of the
 * kernels cannot carry out is made anew.
 */
export async function planOfRun(
  input: PlanInput,
  recorded: string,
  tune: Partial<TuneOptions> = {},
): Promise<KernelPlan> {
  const { db, gpu, device } = input;
  const known = parseKernelPlan(recorded);
  if (known && canUsePlan(known, device, gpu)) return known;
  // On a software adapter a run's shapes take minutes to measure; its fixed rules were measured before.
  if (!gpu || gpu.traits.software) return unmeasuredPlan(device.backend);
  const shapes = shapesOfRun(input);
  const key = planStoreKey(input, shapes);
  const stored = await getKernelPlan(db, key);
  if (stored && canUsePlan(stored, device, gpu)) return stored;
  const plan = measuredPlan(await tuneMatmul(gpu, shapes, { budgetMs, ...tune }));
  await putKernelPlan(db, key, plan);
  return plan;
}

export function measuredPlan(tuned: Parameters<typeof planChoices>[0]): KernelPlan {
  return { backend: 'webgpu', kernels: kernelsVersion, matmul: planChoices(tuned) };
}

export function shapesOfRun({
  config,
  tokens,
  precisions = ['full'],
}: Pick<PlanInput, 'config' | 'tokens' | 'precisions'>): MatmulShape[] {
  const training = [...new Set(precisions)].flatMap((precision) =>
    [...forwardShapes(config, tokens.training), ...backwardShapes(config, tokens.training)].map((shape) =>
      precision === 'mixed' ? { ...shape, half: true } : shape,
    ),
  );
  const named = new Map(training.map((shape) => [planKey(shape), shape]));
  for (const shape of forwardShapes(config, tokens.encoding)) named.set(planKey(shape), shape);
  return [...named.values()];
}

/** By adapter, browser (which brings the driver's compiler along), version of the kernels, and what was measured. */
export function planStoreKey({ device, browser }: PlanInput, shapes: readonly MatmulShape[]): string {
  const names = shapes.map((shape) => planKey(shape));
  return canonicalJson({ adapter: device.adapter, browser, kernels: kernelsVersion, shapes: names });
}

/** False for the plan of another kind of device, of one with larger limits, or of another version of the kernels. */
export function canUsePlan(
  { backend, kernels, matmul }: KernelPlan,
  device: DeviceInfo,
  gpu: WebGpuEngine | null,
): boolean {
  if (backend !== device.backend || kernels !== kernelsVersion) return false;
  return !gpu || Object.values(matmul).every(({ tiling }) => tilingFits(tiling, kernelLimits(gpu)));
}
