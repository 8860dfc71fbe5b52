import { canonicalJson } from '../../../src/domain/canonicalJson';
import { kernelsVersion, parseKernelPlan, unmeasuredPlan, type KernelPlan } from '../../../src/domain/kernelPlan';
import type { KernelTuning, RulesReason, TunedProduct } from '../../../src/domain/kernelTuning';
import type { EncoderConfig } from '../../../src/domain/model';
import type { Precision } from '../../../src/domain/experiment';
import type { DeviceInfo } from '../../../src/domain/device';
import type { Database } from '../../../src/storage/database';
import { getKernelPlan, putKernelPlan } from '../../../src/storage/kernelPlans';
import { adapterIdentity } from '../../engine/gpu/adapterIdentity';
import type { WebGpuEngine } from '../../engine/gpu/webGpuEngine';
import { admittedTilings } from '../../engine/tuning/admittedTilings';
import type { MeasuredShape } from '../../engine/tuning/measuredShape';
import { tunedTilings, tuneMatmul, type TuneOptions } from '../../engine/tuning/tuneMatmul';
import { fitsKernelLimits, kernelLimits } from '../../engine/tuning/kernelLimits';
import { backwardShapes, forwardShapes, type ModelShape } from '../../engine/tuning/modelShapes';
import { planKey } from '../../engine/ops/matmul/planKey';

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
  /** Whether the run applies dropout to hidden states; true if absent. */
  dropout?: boolean;
  /** Set if measuring on this device has failed. The fixed rules then choose the tilings. */
  rulesBecause?: RulesReason | undefined;
}

/** A run's kernel plan and how it was chosen. `tuning` is null if there was no choice to make. */
interface ChosenPlan {
  plan: KernelPlan;
  tuning: KernelTuning | null;
}

const nothingMeasured = { products: [], unmeasured: 0, refused: { shaders: 0, bits: 0 } };

/**
 * Chooses the kernel plan of a run: the plan in the run's record, so that a resumed run keeps its speed; else the plan
 * measured earlier on this adapter; else a newly measured one. Ignores a plan that this device or this version of the
 * kernels cannot execute. Drops tilings whose bits on this device differ from those of the fixed rules, because the
 * driver may have changed since they were measured.
 */
export async function kernelPlanOfRun(
  input: KernelPlanInput,
  recorded: string,
  tune: Partial<TuneOptions> = {},
): Promise<ChosenPlan> {
  const { db, gpu, device, rulesBecause, dropout = true } = input;
  const { now = () => performance.now() } = tune;
  const startedAt = now();
  const parsed = parseKernelPlan(recorded);
  const usable = parsed && canUseKernelPlan(parsed, device, gpu) ? parsed : null;
  // Measuring a run's shapes on a software adapter takes minutes. The fixed rules for such adapters come from earlier
  // measurements.
  if (!gpu || gpu.traits.software) return { plan: usable ?? unmeasuredPlan(device.backend), tuning: null };
  const chosen = (plan: KernelPlan, how: Omit<KernelTuning, 'ms'>): ChosenPlan => ({
    plan,
    tuning: { ...how, ms: now() - startedAt },
  });
  if (rulesBecause)
    return chosen(unmeasuredPlan('webgpu'), { source: 'rules', reason: rulesBecause, ...nothingMeasured });
  const shapes = kernelShapesOfRun(input);
  const key = kernelPlanStoreKey(input, shapes);
  if (usable) {
    const { matmul, refused } = await admittedTilings(gpu, shapes, usable.matmul, dropout);
    return chosen({ ...usable, matmul }, { source: 'stored', ...nothingMeasured, refused });
  }
  const stored = await getKernelPlan(db, key);
  const earlier = stored && canUseKernelPlan(stored.plan, device, gpu) ? stored : undefined;
  const known = await admittedTilings(gpu, shapes, earlier?.plan.matmul ?? {}, dropout);
  // An earlier run may have had too little time to measure all products.
  const missing = shapes.filter((shape) => !known.matmul[planKey(shape)]);
  const products = earlier?.tuning?.products ?? [];
  if (earlier && missing.length === 0)
    return chosen(
      { ...earlier.plan, matmul: known.matmul },
      { source: 'stored', products, unmeasured: 0, refused: known.refused },
    );
  const tuned = await tuneMatmul(gpu, missing, { budgetMs, dropout, ...tune });
  const plan = { ...measuredKernelPlan(tuned), matmul: { ...known.matmul, ...tunedTilings(tuned) } };
  const summary = summaryOf(tuned, missing);
  const tuning = { ...summary, products: [...products, ...summary.products] };
  await putKernelPlan(db, key, { plan, tuning });
  return chosen(plan, { source: 'measured', ...tuning });
}

export function measuredKernelPlan(tuned: readonly MeasuredShape[]): KernelPlan {
  return { backend: 'webgpu', kernels: kernelsVersion, matmul: tunedTilings(tuned) };
}

function summaryOf(
  tuned: readonly MeasuredShape[],
  shapes: readonly ModelShape[],
): Pick<KernelTuning, 'products' | 'unmeasured' | 'refused'> {
  const byKey = new Map(tuned.map((each) => [planKey(each.shape), each]));
  const products = shapes.flatMap((shape): TunedProduct[] => {
    const measured = byKey.get(planKey(shape));
    return measured ? [tunedProduct(shape, measured)] : [];
  });
  const sum = (of: 'shaders' | 'bits'): number => tuned.reduce((all, { refused }) => all + (refused?.[of] ?? 0), 0);
  const refused = { shaders: sum('shaders'), bits: sum('bits') };
  return { products, unmeasured: shapes.length - products.length, refused };
}

/** Returns the record of a measured product. */
export function tunedProduct(shape: ModelShape, { gflops, defaultGflops }: MeasuredShape): TunedProduct {
  const { product, pass, layout, rows, depth, half } = shape;
  const tokens = layout === 'TN' ? depth : rows;
  return { product, pass, tokens, ...(half ? { half: true } : {}), gflops, ruleGflops: defaultGflops };
}

export function kernelShapesOfRun({
  config,
  tokens,
  precisions = ['full'],
}: Pick<KernelPlanInput, 'config' | 'tokens' | 'precisions'>): ModelShape[] {
  // Products on matrix units are tiled by fixed rules.
  const measured = precisions.filter((precision) => precision !== 'mixed-matrices');
  const training = [...new Set(measured)].flatMap((precision) =>
    [...forwardShapes(config, tokens.training), ...backwardShapes(config, tokens.training)].map((shape) =>
      precision === 'mixed' ? { ...shape, half: true } : shape,
    ),
  );
  const named = new Map(training.map((shape) => [planKey(shape), shape]));
  for (const shape of forwardShapes(config, tokens.encoding)) named.set(planKey(shape), shape);
  return [...named.values()];
}

/**
 * Returns the key under which a plan is stored: everything that identifies the adapter, browser version (which fixes
 * the shader compiler), kernel version and measured shapes.
 */
export function kernelPlanStoreKey({ device, browser, gpu }: KernelPlanInput, shapes: readonly ModelShape[]): string {
  const names = shapes.map((shape) => planKey(shape));
  const adapter = { ...(gpu ? adapterIdentity(gpu.device) : {}), ...device.adapter };
  return canonicalJson({ adapter, browser, kernels: kernelsVersion, shapes: names });
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
