import { usesHalf, type Precision } from '../../../src/domain/experiment';
import type { StepStrategy } from '../../../src/domain/memory/stepStrategy';
import type { EncoderConfig } from '../../../src/domain/model';
import type { AdapterMemory } from './parameterCount';

/**
 * An encode-only batch has at most one text per this many tokens. Otherwise, the vectors of many short texts would take
 * too much memory.
 */
export const minEncodingTokensPerText = 16;

function activationBytes(precision: Precision): number {
  return usesHalf(precision) ? 2 : 4;
}

/** Returns the bytes per row of the widest array. Devices limit the size of an array. */
export function widestRowBytes({ hiddenSize, intermediateSize }: EncoderConfig, precision: Precision = 'full'): number {
  return activationBytes(precision) * Math.max(3 * hiddenSize, intermediateSize);
}

/** Whether queries, keys and values fit a feed-forward buffer that is not much larger, so that they can reuse it. */
function fitsFeedForward({ hiddenSize: H, intermediateSize: F }: EncoderConfig): boolean {
  return 3 * H <= F && 0.75 * F <= 3 * H;
}

/**
 * Returns the bytes per row that are held when the backward pass of the top layer begins, which is the peak of a step.
 * A buffer is reused only by arrays of similar size, so each size counts separately: H, 3H, F, heads, and pairs of
 * numbers.
 */
export function stepRowBytes(config: EncoderConfig, kind: StepStrategy['kind'], precision: Precision): number {
  const { layers: L, hiddenSize: H, intermediateSize: F, heads } = config;
  const kept = kind === 'recompute' ? 1 : L;
  // Arrays of width H per layer: input, attention output, both sums before LayerNorm, and the input of the feed-forward
  // network. `around` covers a recomputed layer's output, because one of the gradients reuses its buffer.
  const hidden = kind === 'recompute' ? L + 4 : 5 * L;
  // Two gradients of width H, and the sum of the embeddings.
  const around = 3;
  // The gradient of queries, keys and values can reuse a feed-forward buffer.
  const queryKeyValue = kept + (fitsFeedForward(config) ? 0 : 1);
  // Column sums per part of 16 rows: two for a LayerNorm and one for a bias.
  const columnParts = (2 * H + H) / 16;
  const tokenInfo = 4 + 4 + 5;
  const activations = (hidden + around) * H + queryKeyValue * 3 * H + 2 * kept * F;
  const whole = (kept + 1) * heads + (2 * kept + 1) * 2 + columnParts + tokenInfo;
  return activationBytes(precision) * activations + 4 * whole;
}

/**
 * Returns the bytes per row that adapters add to a step: u, and the gradients of u of up to three modules; the output
 * of an adapter before GELU, if there is one; and with dropout, the adapters' inputs after dropout.
 */
export function adapterRowBytes(
  config: EncoderConfig,
  { rank, dropout, matrices }: AdapterMemory,
  kind: StepStrategy['kind'],
): number {
  const { layers, hiddenSize: H, intermediateSize: F } = config;
  const ofAttention = matrices.filter((matrix) => ['query', 'key', 'value'].includes(matrix)).length;
  const beforeGelu = matrices.includes('intermediate.dense');
  // Once free, the buffer of such an output may be reused for the next layer's queries, keys and values.
  const wider = beforeGelu && kind !== 'recompute' && fitsFeedForward(config) ? (layers - 1) * (F - 3 * H) : 0;
  const dropsWide = dropout > 0 && matrices.includes('output.dense');
  const dropsNarrow = dropout > 0 && matrices.some((matrix) => matrix !== 'output.dense');
  return (
    4 * (rank * (1 + Math.max(1, ofAttention)) + (beforeGelu || dropsWide ? F : 0) + (dropsNarrow ? H : 0) + wider)
  );
}

/**
 * Returns the bytes per row of an encode-only batch: a layer's input and output, its intermediate arrays, the tokens, a
 * share of the texts' vectors, and the adapters' arrays.
 */
export function encodingRowBytes(config: EncoderConfig, adapters?: AdapterMemory): number {
  const { hiddenSize: H, intermediateSize: F, heads } = config;
  const vectors = (H + 1 + 1) / minEncodingTokensPerText;
  const ofAdapters = adapters ? adapterRowBytes(config, { ...adapters, dropout: 0 }, 'recompute') : 0;
  return 4 * (6 * H + 3 * H + 2 * F + heads + 3 * 2 + 4 + 4 + vectors) + ofAdapters;
}
