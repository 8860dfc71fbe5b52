import type { StepStrategy } from '../../src/domain/memory/stepStrategy';
import type { Pooling } from '../../src/domain/model';
import type { DeviceArray } from './arrays';
import { gradCacheGradients } from './gradCache';
import { freeTargets, uploadTargets, type BatchLoss, type Loss, type StepBatch } from './losses/loss';
import { freeTokens, uploadTokens } from './model/deviceTokens';
import { encoderBackward, encoderForward } from './model/encoder';
import type { GradientSink } from './model/gradientSink';
import type { EncoderContext } from './model/encoderContext';
import { packTokens } from './model/packedTokens';
import { joinTokenBatches } from './model/tokenBatch';
import type { SegmentTable } from './model/segmentTable';
import { poolingBackward, poolingForward } from './ops/pooling/pooling';
import { normalizeBackward } from './ops/normalize/normalize';
import { quadsFor } from './quads';

export interface GradientOptions {
  pooling: Pooling;
  loss: Loss;
  /** Multiplies all gradients; 1 by default. */
  gradientScale?: number | undefined;
  /** Whether to add to the gradients of an earlier batch instead of overwriting them. */
  accumulate?: boolean;
  /** Step strategy; `plain` if absent. */
  stepStrategy?: StepStrategy | undefined;
}

/**
 * Writes the loss to `numbers` and the gradients of all trained parameters to `gradients`. All step strategies compute
 * the same gradients, except that GradCache's differ by rounding.
 */
export function computeGradients(
  context: Omit<EncoderContext, 'tokens'>,
  batch: StepBatch,
  options: GradientOptions,
  into: { numbers: DeviceArray; gradients: SegmentTable },
): void {
  const { engine, config } = context;
  const { pooling, stepStrategy = { kind: 'plain' }, gradientScale = 1, accumulate = false } = options;
  const targets = uploadTargets(engine, batch.targets);
  const loss: BatchLoss = (vectors) => options.loss.run(engine, vectors, targets, gradientScale, into.numbers);
  if (stepStrategy.kind === 'gradCache') {
    const inChunks = { pooling, loss, tokensPerPass: stepStrategy.tokensPerPass };
    gradCacheGradients(context, batch, inChunks, { table: into.gradients, accumulate });
  } else {
    const packed = packTokens(joinTokenBatches(batch.anchors, batch.candidates), config, quadsFor);
    engine.pool.withRowCapacity(packed.rows, quadsFor(stepStrategy.tokensPerPass ?? packed.rows), () => {
      const tokens = uploadTokens(engine, packed);
      const firstCandidate = batch.anchors.offsets.length - 1;
      const sink = { table: into.gradients, accumulate };
      wholeBatchGradients({ ...context, tokens }, firstCandidate, { pooling, loss, stepStrategy }, sink);
      freeTokens(engine, tokens);
    });
  }
  freeTargets(engine, targets);
}

/**
 * Computes loss and gradients of a batch in which anchors and candidates are packed together. Text `firstCandidate` is
 * the first candidate.
 */
function wholeBatchGradients(
  context: EncoderContext,
  firstCandidate: number,
  { pooling, loss, stepStrategy }: { pooling: Pooling; loss: BatchLoss; stepStrategy: StepStrategy },
  gradients: GradientSink,
): void {
  const { engine, tokens } = context;
  const { hidden, saved } = encoderForward(context, stepStrategy.kind === 'recompute'); // [T, H]
  const pool = (firstText: number, texts: number) =>
    poolingForward(engine, hidden, { ...tokens, firstText, texts, pooling }, true); // [texts, H]
  const a = pool(0, firstCandidate);
  const c = pool(firstCandidate, tokens.packed.texts - firstCandidate);
  engine.pool.free(hidden);
  const dUnit = loss({ anchors: a.y, candidates: c.y });
  const dAnchors = normalizeBackward(engine, dUnit.anchors, a.saved); // [B, H]
  const dCandidates = normalizeBackward(engine, dUnit.candidates, c.saved); // [C, H]
  const dHidden = poolingBackward(engine, dAnchors, dCandidates, { ...tokens, pooling }, hidden.dtype); // [T, H]
  const done = [dUnit.anchors, dUnit.candidates, dAnchors, dCandidates, a.y, a.saved.norms, c.y, c.saved.norms];
  for (const array of done) engine.pool.free(array);
  encoderBackward(dHidden, saved, context, gradients);
}
