import { canonicalJson } from '../../../src/domain/canonicalJson';
import { kernelsVersion, parseKernelPlan, unmeasuredPlan, type KernelPlan } from '../../../src/domain/kernelPlan';
import type { EncoderConfig } from '../../../src/domain/model';
import type { Precision } from '../../../src/domain/experiment';
import type { DeviceInfo } from '../../../src/domain/device';
import type { Database } from '../../../src/storage/database';
import { getKernelPlan, putKernelPlan } from '../../../src/storage/kernelPlans';
import type { WebGpuEngine } from '../../engine/gpu/webGpuEngine';
import { tunedTilings, tuneMatmul } from '../../engine/tuning/tuneMatmul';
import { fitsKernelLimits } from '../../engine/tuning/kernelLimits';
import { backwardShapes, forwardShapes } from '../../engine/tuning/modelShapes';
import { planKey } from '../../engine/ops/matmul/planKey';
import type { MatmulShape } from '../../engine/ops/matmul/matmulShape';
import { kernelLimits } from '../../engine/tuning/kernelLimits';
import type { TuneOptions } from '../../engine/tuning/tuneMatmul';

/** Approximate time limit for measuring before a run, which itself takes minutes. */
const budgetMs = 5000;

export interface KernelPlanInput {
  db: Database;
  /** The open WebGPU engine; null on wasm. */
  gpu: WebGpuEngine | null;
  device: DeviceInfo;
  /** Name and version of the browser, as it reports them. */
  browser: string;
  config: EncoderConfig;
  /** Tokens per forward pass, in training and in encoding. */
  tokens: { training: number; encoding: number };
  /** Precisions of the stages; full precision if absent. */
  precisions?: readonly Precision[];
}

/**
 * Returns the kernel plan of a run. That is the plan in the run's record, so that a resumed run keeps its kernels; else
 * the plan measured earlier on this adapter; else a newly measured one. Ignores a plan that this device or this version
 * of the kernels cannot execute.
 */
export async function kernelPlanOfRun(
  input: KernelPlanInput,
  recorded: string,
  tune: Partial<TuneOptions> = {},
): Promise<KernelPlan> {
  const { db, gpu, device } = input;
  const known = parseKernelPlan(recorded);
  if (known && canUseKernelPlan(known, device, gpu)) return known;
  // Measuring a run's shapes on a software adapter takes minutes. The fixed rules for such adapters come from earlier
  // measurements.
  if (!gpu || gpu.traits.software) return unmeasuredPlan(device.backend);
  const shapes = kernelShapesOfRun(input);
  const key = kernelPlanStoreKey(input, shapes);
  const stored = await getKernelPlan(db, key);
  if (stored && canUseKernelPlan(stored, device, gpu)) return stored;
  const plan = measuredKernelPlan(await tuneMatmul(gpu, shapes, { budgetMs, ...tune }));
  await putKernelPlan(db, key, plan);
  return plan;
}

export function measuredKernelPlan(tuned: Parameters<typeof tunedTilings>[0]): KernelPlan {
  return { backend: 'webgpu', kernels: kernelsVersion, matmul: tunedTilings(tuned) };
}

export function kernelShapesOfRun({
  config,
  tokens,
  precisions = ['full'],
}: Pick<KernelPlanInput, 'config' | 'tokens' | 'precisions'>): MatmulShape[] {
  const training = [...new Set(precisions)].flatMap((precision) =>
    [...forwardShapes(config, tokens.training), ...backwardShapes(config, tokens.training)].map((shape) =>
      precision === 'mixed' ? { ...shape, half: true } : shape,
    ),
  );
  const named = new Map(training.map((shape) => [planKey(shape), shape]));
  for (const shape of forwardShapes(config, tokens.encoding)) named.set(planKey(shape), shape);
  return [...named.values()];
}

/**
 * Returns the key under which a plan is stored: adapter, browser version (which fixes the shader compiler), kernel
 * version and measured shapes.
 */
export function kernelPlanStoreKey({ device, browser }: KernelPlanInput, shapes: readonly MatmulShape[]): string {
  const names = shapes.map((shape) => planKey(shape));
  return canonicalJson({ adapter: device.adapter, browser, kernels: kernelsVersion, shapes: names });
}

/** Whether the plan fits this backend, this version of the kernels and the device's limits. */
export function canUseKernelPlan(
  { backend, kernels, matmul }: KernelPlan,
  device: DeviceInfo,
  gpu: WebGpuEngine | null,
): boolean {
  if (backend !== device.backend || kernels !== kernelsVersion) return false;
  return !gpu || Object.values(matmul).every((tiling) => fitsKernelLimits(tiling, kernelLimits(gpu)));
}
