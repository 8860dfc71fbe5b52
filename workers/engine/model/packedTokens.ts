import { AppError } from '../../../src/domain/errors';
import type { EncoderConfig } from '../../../src/domain/model';
import type { TokenBatch } from './tokenBatch';

/** A batch as the encoder reads it: T rows without padding between texts. Padding rows may follow the last text. */
export interface PackedTokens {
  ids: Int32Array; // [rows]
  positions: Int32Array; // [rows], from 0 in each text
  offsets: Uint32Array; // [texts + 1], ends with `tokens`
  texts: number;
  tokens: number;
  /** `tokens` plus padding rows. */
  rows: number;
  /** Number of tokens in the longest text. */
  longest: number;
  /** Sum of the squared lengths of all texts: the number of (query, key) pairs of tokens in attention. */
  squaredLengths: number;
}

/**
 * Packs a batch for the encoder. `round` maps the number of tokens to the number of rows; the extra rows are padding.
 * Throws `model-invalid` if an id is outside the vocabulary or a text is longer than the position table.
 */
export function packTokens(
  { ids, offsets }: TokenBatch,
  config: EncoderConfig,
  round: (tokens: number) => number = (tokens) => tokens,
): PackedTokens {
  const texts = offsets.length - 1;
  const tokens = offsets[texts] ?? 0;
  const rows = round(tokens);
  const packed = new Int32Array(rows).fill(Math.min(config.padTokenId, config.vocabularySize - 1));
  const positions = new Int32Array(rows);
  packed.set(ids.subarray(0, tokens));
  let longest = 0;
  let squaredLengths = 0;
  for (let text = 0; text < texts; text++) {
    const begin = offsets[text] ?? 0;
    const length = (offsets[text + 1] ?? begin) - begin;
    for (let i = 0; i < length; i++) positions[begin + i] = i;
    longest = Math.max(longest, length);
    squaredLengths += length ** 2;
  }
  checkFits(packed, longest, config);
  return { ids: packed, positions, offsets, texts, tokens, rows, longest, squaredLengths };
}

function checkFits(ids: Int32Array, longest: number, config: EncoderConfig): void {
  const outside = ids.find((id) => id < 0 || id >= config.vocabularySize);
  const file = 'config.json';
  if (outside !== undefined) {
    const expected = `< ${config.vocabularySize}`;
    throw new AppError({ kind: 'model-invalid', file, fault: 'vocabulary-mismatch', expected, found: String(outside) });
  }
  if (longest > config.maxPositions) {
    const tensor = 'embeddings.position_embeddings.weight';
    throw new AppError({
      kind: 'model-invalid',
      file,
      fault: 'tensor-shape',
      tensor,
      expected: `≥ ${longest}`,
      found: String(config.maxPositions),
    });
  }
}
