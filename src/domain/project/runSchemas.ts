import * as v from 'valibot';
import { metricNames } from '../experiment';
import { layerProducts, planSources, productPasses, rulesReasons } from '../kernelTuning';
import { ratioOfMoment, type BlendMoment } from '../evaluate/blendMoment';
import { hardestQuestions } from '../evaluate/devScores';
import { hardestPairs } from '../train/trainScores';
import { thresholdRuleSchema } from '../evaluate/threshold';
import { exclusions } from '../negatives/answerIndex';
import { progressKinds } from '../run';
import {
  errorSchema,
  experiment,
  finite,
  fraction,
  id,
  measured,
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

const deviceSchema = v.strictObject({
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

const phase = v.picklist(['prepare', 'evaluateBefore', 'train', 'evaluateAfter', 'done']);
const status = v.picklist(['queued', 'running', 'paused', 'interrupted', 'cancelled', 'failed', 'done']);

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

const metricsSchema = v.strictObject({
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

export const evaluationSchema = v.strictObject({
  runId: id,
  part: v.picklist(['dev', 'test']),
  moment: v.union([
    v.picklist(['before', 'after']),
    v.custom<BlendMoment>((moment) => typeof moment === 'string' && ratioOfMoment(moment) !== null),
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
});

const place = { runId: id, seq: whole, at: time };
const eventOf = <Type extends string, Fields extends v.ObjectEntries>(type: Type, fields: Fields) =>
  v.strictObject({ ...place, type: v.literal(type), ...fields });

const tuningFields = {
  source: v.picklist(planSources),
  reason: v.exactOptional(v.picklist(rulesReasons)),
  ms: measured,
  products: v.pipe(
    v.array(
      v.strictObject({
        product: v.picklist(layerProducts),
        pass: v.picklist(productPasses),
        tokens: whole,
        half: v.exactOptional(v.literal(true)),
        gflops: measured,
        ruleGflops: measured,
      }),
    ),
    v.maxLength(1000),
  ),
  unmeasured: whole,
  refused: v.strictObject({ shaders: whole, bits: whole }),
};

const countsSchema = v.strictObject({
  first: v.pipe(v.number(), v.integer(), v.minValue(-50), v.maxValue(49)),
  counts: v.pipe(v.array(whole), v.maxLength(100)),
});
const scoredPassage = v.strictObject({ passageId: text, score: finite });
const scoresSchema = v.strictObject({
  right: countsSchema,
  bestWrong: countsSchema,
  randomWrong: countsSchema,
  hardest: v.pipe(
    v.array(v.strictObject({ questionId: text, right: scoredPassage, wrong: scoredPassage })),
    v.maxLength(hardestQuestions),
  ),
});

const trainScoresFields = {
  step: whole,
  stage: whole,
  rows: whole,
  right: measured,
  others: v.nullable(measured),
  hardest: v.pipe(
    v.array(
      v.strictObject({
        pairId: text,
        cosine: measured,
        hardness: finite,
        wrong: v.exactOptional(v.strictObject({ pairId: text, negative: v.exactOptional(whole), cosine: measured })),
        score: v.exactOptional(finite),
      }),
    ),
    v.maxLength(hardestPairs),
  ),
};

const alarmOf = <Kind extends string, Fields extends v.ObjectEntries>(kind: Kind, fields: Fields) =>
  eventOf('alarm', { step: whole, kind: v.literal(kind), ...fields });
const alarmSchema = v.variant('kind', [
  alarmOf('collapse', { steps: whole, positiveScore: measured, negativeScore: measured }),
  alarmOf('deadGradients', { steps: whole }),
  alarmOf('divergence', { steps: whole, loss: measured, lowestLoss: measured }),
  alarmOf('recallFalls', {
    evaluations: whole,
    metric: v.picklist(metricNames),
    fromStep: whole,
    from: fraction,
    to: fraction,
    change: v.strictObject({ low: finite, high: finite }),
    fromLoss: measured,
    loss: measured,
  }),
]);

export const runEventSchema = v.variant('type', [
  eventOf('phase', { phase }),
  eventOf('status', { status, error: v.exactOptional(errorSchema) }),
  eventOf('batchPlan', { steps: whole, leftOut: v.array(v.array(whole)) }),
  eventOf('device', { device: deviceSchema }),
  eventOf('kernels', tuningFields),
  eventOf('deviceLost', { reason: text }),
  eventOf('resumed', { step: whole, reached: whole }),
  eventOf('buildChanged', { step: whole, build: name }),
  eventOf('deviceChanged', { step: whole }),
  eventOf('step', {
    step: whole,
    stage: whole,
    epoch: measured,
    loss: measured,
    learningRate: measured,
    gradientNorm: measured,
    inBatchAccuracy: v.exactOptional(measured),
    positiveScore: v.exactOptional(measured),
    negativeScore: v.exactOptional(measured),
    orderedShare: v.exactOptional(measured),
    tokens: whole,
    stepMs: measured,
    backendBytes: measured,
    lossScale: v.exactOptional(finite),
    skipped: v.exactOptional(v.literal(true)),
  }),
  eventOf('progress', { what: v.picklist(progressKinds), done: finite, of: finite }),
  eventOf('devEvaluation', {
    step: whole,
    metrics: metricsSchema,
    best: v.boolean(),
    sampleOf: v.exactOptional(whole),
    scores: v.exactOptional(scoresSchema),
  }),
  eventOf('trainScores', trainScoresFields),
  alarmSchema,
  eventOf('earlyStop', { step: whole, bestStep: whole, evaluations: whole }),
  eventOf('testEvaluation', { moment: v.picklist(['before', 'after']), metrics: metricsSchema }),
  eventOf('checkpoint', {
    step: whole,
    generation: whole,
    writeMs: finite,
    waitedMs: v.exactOptional(finite),
    bytes: whole,
  }),
]);
