import type { StepWay } from '../../src/domain/memory/stepWay';
import type { Pooling } from '../../src/domain/model';
import type { DeviceArray } from './arrays';
import { gradCacheGradients } from './gradCache';
import { infoNce, type InfoNceRunOptions } from './losses/infoNce';
import { freeTokens, uploadTokens } from './model/deviceTokens';
import { encoderBackward, encoderForward } from './model/encoder';
import type { EncoderContext } from './model/encoderContext';
import { packTokens } from './model/packedTokens';
import { joinTokenBatches } from './model/tokenBatch';
import type { TokenBatch } from './model/tokenBatch';
import type { SegmentTable } from './model/segmentTable';
import { poolingBackward, poolingForward } from './ops/pooling/pooling';
import { normalizeBackward } from './ops/normalize/normalize';
import { quadsFor } from './quads';

export interface GradientOptions {
  pooling: Pooling;
  loss: InfoNceRunOptions;
  /** Step strategy; `plain` if absent. */
  way?: StepWay | undefined;
}

/**
 * Writes the loss to `numbers` and the gradients of all trained parameters to `gradients`. All step strategies compute
 * the same gradients, except that GradCache's differ by rounding.
 */
export function computeGradients(
  context: Omit<EncoderContext, 'tokens'>,
  anchors: TokenBatch,
  positives: TokenBatch,
  { pooling, loss, way = { kind: 'plain' } }: GradientOptions,
  into: { numbers: DeviceArray; gradients: SegmentTable },
): void {
  if (way.kind === 'gradCache') {
    const { tokensPerPass } = way;
    return gradCacheGradients(context, { anchors, positives }, { pooling, loss, tokensPerPass }, into);
  }
  const { engine, config } = context;
  const packed = packTokens(joinTokenBatches(anchors, positives), config, quadsFor);
  engine.pool.withRowCapacity(packed.rows, quadsFor(way.tokensPerPass ?? packed.rows), () => {
    const tokens = uploadTokens(engine, packed);
    wholeBatchGradients({ ...context, tokens }, anchors.offsets.length - 1, { pooling, loss, way }, into);
    freeTokens(engine, tokens);
  });
}

/**
 * Computes loss and gradients from anchors and positives packed into one batch. Text `firstPositive` is the first
 * positive.
 */
function wholeBatchGradients(
  context: EncoderContext,
  firstPositive: number,
  { pooling, loss, way }: GradientOptions & { way: StepWay },
  into: { numbers: DeviceArray; gradients: SegmentTable },
): void {
  const { engine, tokens } = context;
  const { hidden, saved } = encoderForward(context, way.kind === 'recompute'); // [T, H]
  const pool = (firstText: number, texts: number) =>
    poolingForward(engine, hidden, { ...tokens, firstText, texts, pooling }, true); // [B, H]
  const a = pool(0, firstPositive);
  const p = pool(firstPositive, tokens.packed.texts - firstPositive);
  engine.pool.free(hidden);
  const dUnit = infoNce(engine, a.y, p.y, loss, into.numbers);
  const dAnchors = normalizeBackward(engine, dUnit.anchors, a.saved); // [B, H]
  const dPositives = normalizeBackward(engine, dUnit.candidates, p.saved); // [B, H]
  const dHidden = poolingBackward(engine, dAnchors, dPositives, { ...tokens, pooling }, hidden.dtype); // [T, H]
  const done = [dUnit.anchors, dUnit.candidates, dAnchors, dPositives, a.y, a.saved.norms, p.y, p.saved.norms];
  for (const array of done) engine.pool.free(array);
  encoderBackward(dHidden, saved, context, { table: into.gradients, accumulate: false });
}
