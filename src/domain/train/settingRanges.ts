/** The values that the training form accepts for its number fields. */
export const settingRanges = {
  learningRate: { low: 0, high: 1 },
  temperature: { low: 0.001, high: 10 },
  hardnessStrength: { low: 0.001, high: 100 },
  scoreMargin: { low: 0, high: 1 },
  inBatchNegatives: { low: 1, high: 65_535, integer: true },
  teacherTemperature: { low: 0.001, high: 10 },
  tripletMargin: { low: 0, high: 10 },
  batchSize: { low: 2, high: 65_536, integer: true },
  accumulation: { low: 1, high: 1024, integer: true },
  warmup: { low: 0, high: 1 },
  warmupSteps: { low: 1, high: 10_000_000, integer: true },
  weightDecay: { low: 0, high: 10 },
  layerDecay: { low: 0.1, high: 1 },
  emaDecay: { low: 0, high: 0.9999 },
  clipNorm: { low: 0, high: 1e6 },
  beta1: { low: 0, high: 0.9999 },
  beta2: { low: 0, high: 0.9999 },
  epsilon: { low: 0, high: 1 },
  dropoutRate: { low: 0.001, high: 0.9 },
  seed: { low: 0, high: 2 ** 32 - 1, integer: true },
  negativesPerAnchor: { low: 1, high: 64, integer: true },
  patience: { low: 0, high: 1000, integer: true },
  devTimeShare: { low: 0, high: 0.5 },
  devEverySteps: { low: 0, high: 10_000_000, integer: true },
} as const satisfies Record<string, { low: number; high: number; integer?: true }>;
export type NumberSetting = keyof typeof settingRanges;

/** The weights that the form accepts for a Matryoshka prefix. */
export const prefixWeights = { low: 0.001, high: 1000 };
