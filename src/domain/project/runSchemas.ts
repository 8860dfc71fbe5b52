import * as v from 'valibot';
import { metricNames } from '../experiment';
import { probeOfMoment, ratioOfMoment, type BlendMoment, type ProbeMoment } from '../evaluate/blendMoment';
import { thresholdRuleSchema } from '../evaluate/threshold';
import { exclusions } from '../negatives/answerIndex';
import {
  errorSchema,
  experiment,
  finite,
  fraction,
  id,
  name,
  sha256,
  text,
  time,
  whole,
  storedAs,
  inParts,
} from './schemaFields';

const checkpointFields = {
  runId: id,
  generation: whole,
  step: whole,
  floats: v.pipe(whole, v.minValue(1)),
  momentFloats: v.exactOptional(whole),
  averaged: v.exactOptional(v.literal(true)),
  loopState: v.strictObject({
    bestDev: v.nullable(finite),
    bestStep: v.nullable(whole),
    elapsedMs: finite,
    lossScale: v.exactOptional(v.strictObject({ scale: finite, goodSteps: whole, skipped: whole })),
    bestMrrAt10: v.exactOptional(finite),
    devPending: v.exactOptional(v.boolean()),
    sinceBest: v.exactOptional(whole),
    stopped: v.exactOptional(v.literal(true)),
  }),
  createdAt: time,
};

export const checkpointSchemas = {
  1: v.strictObject({ ...checkpointFields, ...storedAs, sha256, role: v.picklist(['latest', 'best']) }),
  2: v.strictObject({ ...checkpointFields, ...inParts, role: v.picklist(['latest', 'best', 'kept']) }),
};

export const deviceSchema = v.strictObject({
  backend: v.picklist(['webgpu', 'wasm']),
  reason: v.picklist([
    'webgpu-chosen',
    'webgpu-available',
    'wasm-chosen',
    'no-webgpu',
    'no-adapter',
    'no-device',
    'software-adapter',
    'computes-wrongly',
  ]),
  adapter: v.nullable(v.strictObject({ vendor: text, architecture: text, description: text })),
  threads: whole,
  simd: v.boolean(),
  relaxedSimd: v.exactOptional(v.boolean()),
});

const strategyWithSize = { tokensPerPass: v.pipe(whole, v.minValue(1)) };
const memorySchema = v.strictObject({
  budgetBytes: finite,
  ways: v.array(
    v.variant('kind', [
      v.strictObject({
        kind: v.picklist(['plain', 'recompute']),
        tokensPerPass: v.exactOptional(strategyWithSize.tokensPerPass),
      }),
      v.strictObject({ kind: v.literal('gradCache'), ...strategyWithSize }),
    ]),
  ),
  encodingTokens: v.pipe(whole, v.minValue(1)),
  guideTokens: v.optional(v.pipe(whole, v.minValue(1))),
  snapshotBytes: v.exactOptional(whole),
});

export const phase = v.picklist(['prepare', 'evaluateBefore', 'train', 'evaluateAfter', 'done']);
export const status = v.picklist(['queued', 'running', 'paused', 'interrupted', 'cancelled', 'failed', 'done']);

const negativesSchema = v.strictObject({
  from: v.picklist(['imported', 'random', 'mined']),
  perAnchor: whole,
  sha256,
  excluded: v.strictObject(v.entriesFromList(exclusions, whole)),
  refilled: whole,
  refilledRows: whole,
  scored: v.exactOptional(v.strictObject({ above: whole, of: whole })),
});

export const runSchema = v.strictObject({
  runId: id,
  experimentId: id,
  experiment,
  experimentHash: sha256,
  sweepId: v.exactOptional(id),
  trial: v.exactOptional(v.literal(true)),
  build: name,
  device: v.nullable(deviceSchema),
  devicePreference: v.picklist(['auto', 'webgpu', 'wasm']),
  kernelPlan: v.pipe(v.string(), v.maxLength(1_000_000)),
  memory: v.exactOptional(memorySchema),
  status,
  phase,
  step: whole,
  steps: whole,
  leftOut: v.exactOptional(v.array(v.array(whole))),
  negatives: v.exactOptional(v.array(v.nullable(negativesSchema))),
  devPlan: v.exactOptional(v.strictObject({ passages: whole, of: whole, everySteps: whole, share: fraction })),
  createdAt: time,
  finishedAt: v.exactOptional(time),
  weightsSha256: v.exactOptional(sha256),
  keptStep: v.exactOptional(whole),
  stoppedStep: v.exactOptional(whole),
  rowsSha256: v.exactOptional(sha256),
  deviceLosses: v.exactOptional(whole),
  deviceChanges: v.exactOptional(v.array(whole)),
  buildChanges: v.exactOptional(v.array(v.strictObject({ step: whole, build: name }))),
  error: v.exactOptional(errorSchema),
});

export const metricsSchema = v.strictObject({
  ...v.entriesFromList(metricNames, fraction),
  questions: whole,
  passages: whole,
});
const byK = <Schema extends v.GenericSchema>(value: Schema) =>
  v.pipe(
    v.record(v.pipe(v.string(), v.regex(/^\d{1,8}$/)), value),
    v.transform((values): Record<number, v.InferOutput<Schema>> => values),
  );

const figuresSchema = v.strictObject({
  questions: whole,
  unanswerable: whole,
  unanswerableAnswered: whole,
  answered: whole,
  right: whole,
  rejectedRight: whole,
  precision: v.nullable(fraction),
  recall: v.nullable(fraction),
  f1: fraction,
  precisionInterval: v.strictObject({ low: fraction, high: fraction }),
});

const evaluationShape = v.strictObject({
  runId: id,
  part: v.picklist(['dev', 'test', 'probe']),
  moment: v.union([
    v.picklist(['before', 'after']),
    v.custom<BlendMoment | ProbeMoment>((moment) => typeof moment === 'string' && ratioOfMoment(moment) !== null),
  ]),
  metrics: metricsSchema,
  hitRateAtK: byK(fraction),
  recallAtK: byK(fraction),
  precisionAtK: byK(fraction),
  hitRateIntervals: byK(v.strictObject({ low: fraction, high: fraction })),
  results: v.array(
    v.strictObject({
      questionId: text,
      ranks: v.array(v.pipe(whole, v.minValue(1))),
      top: v.array(v.strictObject({ passageId: text, score: finite })),
      rightScore: v.exactOptional(finite),
    }),
  ),
  createdAt: time,
  encodeMs: finite,
  threshold: v.exactOptional(
    v.strictObject({
      value: finite,
      rule: thresholdRuleSchema,
      dev: figuresSchema,
      test: v.nullable(figuresSchema),
      chosenAt: time,
    }),
  ),
  probeSha256: v.exactOptional(sha256),
});

/** Those on a probe set say which one. Only evaluations on dev hold a threshold, which is chosen there. */
export const evaluationSchema = v.pipe(
  evaluationShape,
  v.check(({ part, probeSha256 }) => (part === 'probe') === (probeSha256 !== undefined), 'probe set'),
  v.check(({ moment, probeSha256 }) => [null, probeSha256].includes(probeOfMoment(moment)), 'moment on a probe set'),
  v.check(({ part, threshold }) => part === 'dev' || threshold === undefined, 'threshold of a test evaluation'),
);
