import type { Pooling } from '../../src/domain/model';
import { maxChunkTexts } from './memory/maxChunkTexts';
import { quadsFor } from './quads';
import { rowsOf, type DeviceArray } from './arrays';
import type { BatchLoss, LossVectors, StepBatch } from './losses/loss';
import { freeTokens, uploadTokens } from './model/deviceTokens';
import { encoderBackward, encoderForward, encoderLastHidden } from './model/encoder';
import type { EncoderContext } from './model/encoderContext';
import { packTokens } from './model/packedTokens';
import type { TokenBatch } from './model/tokenBatch';
import type { GradientSink } from './model/gradientSink';
import { poolingBackward, poolingForward } from './ops/pooling/pooling';
import { normalizeBackward } from './ops/normalize/normalize';

type Side = keyof LossVectors;

/** Consecutive texts from one side of a batch, encoded together. */
interface Chunk {
  side: Side;
  /** Index of the chunk's first text within its side. */
  firstText: number;
  texts: number;
  /**
   * The chunk's first row in the whole packed batch, in which anchors come before candidates. Dropout's random numbers
   * depend on it.
   */
  firstRow: number;
  batch: TokenBatch;
}

/**
 * Cuts a batch into chunks of whole texts with at most `tokensPerPass` tokens. A text longer than that gets its own
 * chunk.
 */
function cutIntoChunks({ anchors, candidates }: StepBatch, tokensPerPass: number): Chunk[] {
  const firstCandidateRow = anchors.offsets.at(-1) ?? 0;
  return [
    ...cutSide('anchors', anchors, 0, tokensPerPass),
    ...cutSide('candidates', candidates, firstCandidateRow, tokensPerPass),
  ];
}

function cutSide(side: Side, { ids, offsets }: TokenBatch, sideRow: number, tokensPerPass: number): Chunk[] {
  const chunks: Chunk[] = [];
  const texts = offsets.length - 1;
  let firstText = 0;
  for (let end = 1; end <= texts; end++) {
    const begin = offsets[firstText] ?? 0;
    if (end < texts && (offsets[end + 1] ?? 0) - begin <= tokensPerPass) continue;
    const batch = {
      ids: ids.subarray(begin, offsets[end]),
      offsets: offsets.slice(firstText, end + 1).map((offset) => offset - begin),
    };
    chunks.push({ side, firstText, texts: end - firstText, firstRow: sideRow + begin, batch });
    firstText = end;
  }
  return chunks;
}

/**
 * Computes loss and gradients of a whole batch with the memory of one chunk (GradCache: Gao et al., arXiv 2101.06983,
 * section 3). First, all chunks are encoded and only their unit vectors are kept. Next, the loss yields the gradient of
 * each vector. Finally, each chunk is encoded again and backpropagated from its vectors' gradients, accumulating over
 * chunks. Dropout draws the same numbers in both passes.
 */
export function gradCacheGradients(
  context: Omit<EncoderContext, 'tokens'>,
  batch: StepBatch,
  { pooling, loss, tokensPerPass }: { pooling: Pooling; loss: BatchLoss; tokensPerPass: number },
  { table, accumulate }: GradientSink,
): void {
  const { engine, config } = context;
  const { pool, commands } = engine;
  const chunks = cutIntoChunks(batch, tokensPerPass);
  const vectors = ({ offsets }: TokenBatch): DeviceArray => pool.allocate([offsets.length - 1, config.hiddenSize]);
  /** Number of texts for which every buffer of text vectors has room, so that all chunks share the same buffers. */
  const maxTexts = maxChunkTexts(batch.candidates.offsets.length - 1, tokensPerPass);
  const withTexts = <T>({ texts }: Chunk, work: () => T): T => pool.withRowCapacity(texts, maxTexts, work);
  const units = { anchors: vectors(batch.anchors), candidates: vectors(batch.candidates) }; // [B, H] and [C, H]
  for (const chunk of chunks)
    inChunk(context, chunk, tokensPerPass, (inner) => {
      const hidden = encoderLastHidden(inner); // [T, H]
      const { y, saved } = withTexts(chunk, () => poolingForward(engine, hidden, textsOf(inner, pooling), true));
      commands.copy(y, rowsOf(units[chunk.side], chunk.firstText, chunk.texts));
      for (const array of [hidden, y, saved.norms]) pool.free(array);
    });
  const dUnits = loss(units); // [B, H] and [C, H]
  for (const array of [units.anchors, units.candidates]) pool.free(array);
  chunks.forEach((chunk, index) =>
    inChunk(context, chunk, tokensPerPass, (inner) => {
      const { hidden, saved } = encoderForward(inner); // [T, H]
      const dPooled = withTexts(chunk, () => {
        const pooled = poolingForward(engine, hidden, textsOf(inner, pooling), true);
        const dUnit = pool.allocate(pooled.y.shape); // [texts, H]
        commands.copy(rowsOf(dUnits[chunk.side], chunk.firstText, chunk.texts), dUnit);
        const dPooled = normalizeBackward(engine, dUnit, pooled.saved);
        for (const array of [hidden, pooled.y, pooled.saved.norms, dUnit]) pool.free(array);
        return dPooled;
      }); // [texts, H]
      const dHidden = poolingBackward(engine, dPooled, undefined, { ...inner.tokens, pooling }, hidden.dtype); // [T, H]
      pool.free(dPooled);
      encoderBackward(dHidden, saved, inner, { table, accumulate: accumulate || index > 0 });
    }),
  );
  for (const array of [dUnits.anchors, dUnits.candidates]) pool.free(array);
}

/** Uploads the chunk's tokens and runs `work` on them, with row buffers that fit any chunk. */
function inChunk(
  context: Omit<EncoderContext, 'tokens'>,
  { batch, firstRow }: Chunk,
  tokensPerPass: number,
  work: (context: EncoderContext) => void,
): void {
  const { engine, config, dropout } = context;
  const packed = packTokens(batch, config, quadsFor);
  engine.pool.withRowCapacity(packed.rows, quadsFor(tokensPerPass), () => {
    const tokens = uploadTokens(engine, packed);
    work({ ...context, tokens, dropout: dropout && { ...dropout, firstRow } });
    freeTokens(engine, tokens);
  });
}

function textsOf({ tokens }: EncoderContext, pooling: Pooling) {
  return { ...tokens, firstText: 0, texts: tokens.packed.texts, pooling };
}
