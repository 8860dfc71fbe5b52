import type { KernelPlan } from './kernelPlan';

/** The matrix products of a transformer layer. */
export const layerProducts = ['queryKeyValue', 'attentionOutput', 'feedForwardIn', 'feedForwardOut'] as const;
export type LayerProduct = (typeof layerProducts)[number];

/** The kinds of products: outputs, gradients of inputs, and gradients of weights. */
export const productPasses = ['forward', 'inputGradient', 'weightGradient'] as const;
export type ProductPass = (typeof productPasses)[number];

/** Where a run's kernel plan comes from: measured before this run, measured earlier and stored, or fixed rules. */
export const planSources = ['measured', 'stored', 'rules'] as const;
type PlanSource = (typeof planSources)[number];

/** Why the fixed rules are used although the device could be measured. */
export const rulesReasons = ['device-lost', 'measuring-failed'] as const;
export type RulesReason = (typeof rulesReasons)[number];

/** Speed of one product of the model. */
export interface TunedProduct {
  product: LayerProduct;
  pass: ProductPass;
  tokens: number;
  /** Set if its operands are stored in half precision. */
  half?: true;
  /** GFLOP/s with the measured kernel. */
  gflops: number;
  /** GFLOP/s with the kernel that the fixed rules choose. */
  ruleGflops: number;
}

/** How the kernels of a run were chosen. Never affects its results. */
export interface KernelTuning {
  source: PlanSource;
  reason?: RulesReason;
  /** Milliseconds spent on choosing. */
  ms: number;
  /** Products whose kernels were chosen by measuring. */
  products: TunedProduct[];
  /** Number of products that time ran out for; they follow the fixed rules. */
  unmeasured: number;
  /**
   * Number of kernels rejected because the device refused their shaders, or because their results differ in some bit.
   */
  refused: { shaders: number; bits: number };
}

/** A measured plan. Plans of earlier versions lack `tuning`. */
export interface StoredKernelPlan {
  plan: KernelPlan;
  tuning?: Omit<KernelTuning, 'source' | 'ms'>;
}

/** Returns the overall speed-up of the measured kernels over those of the rules, across all products. */
export function tuningGain({ products }: Pick<KernelTuning, 'products'>): number {
  if (products.length === 0) return 1;
  const logs = products.reduce((sum, { gflops, ruleGflops }) => sum + Math.log(gflops / ruleGflops), 0);
  return Math.exp(logs / products.length);
}
