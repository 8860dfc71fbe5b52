import * as v from 'valibot';

/** The linear modules of a BERT layer that an adapter can be added to, by the paths below the layer or attention. */
export const loraMatrices = [
  'query',
  'key',
  'value',
  'attention.output.dense',
  'intermediate.dense',
  'output.dense',
] as const;
export type LoraMatrix = (typeof loraMatrices)[number];

/** The values that files and the form accept. */
export const loraRanges = {
  rank: { low: 1, high: 1024, integer: true },
  alpha: { low: 0.001, high: 10_000 },
  dropout: { low: 0, high: 0.9 },
} as const;

/**
 * Trains low-rank adapters next to matrices that stay unchanged, and merges them at the end of the stage (LoRA, arXiv
 * 2106.09685): W = W₀ + (alpha/rank)·B·A. `dropout` is applied to the adapters' inputs.
 */
export const loraSchema = v.strictObject({
  kind: v.literal('lora'),
  rank: v.pipe(v.number(), v.integer(), v.minValue(loraRanges.rank.low), v.maxValue(loraRanges.rank.high)),
  alpha: v.pipe(v.number(), v.minValue(loraRanges.alpha.low), v.maxValue(loraRanges.alpha.high)),
  dropout: v.pipe(v.number(), v.minValue(loraRanges.dropout.low), v.maxValue(loraRanges.dropout.high)),
  matrices: v.pipe(
    v.array(v.picklist(loraMatrices)),
    v.minLength(1),
    v.check((names) => new Set(names).size === names.length, 'matrices that differ'),
  ),
});
export type LoraStrategy = v.InferOutput<typeof loraSchema>;

/**
 * Rank 8 and no dropout are the defaults of peft 0.21. Its alpha is 8; twice the rank is more usual. Adapters of all
 * linear modules do better than those of a few with as many weights (QLoRA, arXiv 2305.14314, figure 2).
 */
export const defaultLora: LoraStrategy = { kind: 'lora', rank: 8, alpha: 16, dropout: 0, matrices: [...loraMatrices] };
