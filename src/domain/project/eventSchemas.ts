import * as v from 'valibot';
import { metricNames } from '../experiment';
import { layerProducts, planSources, productPasses, rulesReasons } from '../kernelTuning';
import { hardestQuestions } from '../evaluate/devScores';
import { hardestPairs } from '../train/trainScores';
import { progressKinds } from '../run';
import { deviceSchema, metricsSchema, phase, status } from './runSchemas';
import { errorSchema, finite, fraction, id, measured, name, text, time, whole } from './schemaFields';

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
