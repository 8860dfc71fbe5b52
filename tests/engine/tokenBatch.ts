import type { TokenBatch } from '../../workers/engine/model/tokenBatch';

/** Packs token ids, one array per text, into a batch. */
export function tokenBatch(texts: readonly (readonly number[])[]): TokenBatch {
  const offsets = new Uint32Array(texts.length + 1);
  texts.forEach((text, i) => (offsets[i + 1] = (offsets[i] ?? 0) + text.length));
  return { ids: Int32Array.from(texts.flat()), offsets };
}
