import fc from 'fast-check';
import { loraMatrices } from '../../../src/domain/train/loraSchema';
import {
  defaultStage,
  metricNames,
  withLowestVersion,
  type Experiment,
  type Stage,
} from '../../../src/domain/experiment';

const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const belowOne = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const positiveWeight = fc.double({ min: 0.001, max: 1000, noNaN: true });
const positive = fc.integer({ min: 1, max: 10_000_000 });

const temperature = fc.double({ min: 0.001, max: 10, noNaN: true });
const guide = fc.record({
  contentSha256: hex,
  pooling: fc.constantFrom('mean' as const, 'cls' as const),
  normalize: fc.boolean(),
  maxTokens: fc.integer({ min: 3, max: 8192 }),
  queryPrefix: fc.string(),
  passagePrefix: fc.string(),
});
const byScore = fc.record(
  { kind: fc.constantFrom('absolute' as const, 'relative' as const), margin: share, model: guide },
  { requiredKeys: ['kind', 'margin'] },
);
const infoNce = fc
  .record(
    {
      kind: fc.constant('inBatchInfoNce' as const),
      temperature,
      directions: fc.constantFrom('queryToPassage' as const, 'both' as const),
      contrast: fc.constantFrom('explicit' as const, 'own' as const),
      inBatchNegatives: fc.integer({ min: 1, max: 65_535 }),
      sameSide: fc.constantFrom('queries' as const, 'passages' as const, 'both' as const),
      hardness: fc.record({
        mode: fc.constantFrom('inBatch' as const, 'explicit' as const, 'all' as const),
        strength: fc.double({ min: 0.001, max: 100, noNaN: true }),
      }),
      falseNegatives: fc.oneof(fc.record({ known: fc.constant(true) }), fc.record({ byScore })),
      matryoshka: fc.uniqueArray(
        fc.record({ dimension: fc.integer({ min: 1, max: 65_536 }), weight: positiveWeight }),
        { selector: ({ dimension }) => dimension, minLength: 1, maxLength: 4 },
      ),
    },
    { requiredKeys: ['kind', 'temperature', 'directions'] },
  )
  .map((loss) => (loss.sameSide ? { ...loss, softmax: 'joint' as const } : loss))
  .map(({ inBatchNegatives, ...loss }) =>
    inBatchNegatives === undefined || loss.contrast ? loss : { ...loss, inBatchNegatives },
  );

const ofScores = fc.oneof(
  fc.record({ kind: fc.constantFrom('cosent' as const, 'angle' as const), temperature }),
  fc.constant({ kind: 'cosineMse' as const }),
);
const sigmoidPairs = fc.record({ kind: fc.constant('sigmoidPairs' as const), temperature });

const triplet = fc.record({
  kind: fc.constant('triplet' as const),
  distance: fc.constantFrom('cosine' as const, 'euclidean' as const),
  margin: fc.double({ min: 0, max: 10, noNaN: true }),
});

const ofTeacher = { kind: fc.constant('distillation' as const), temperature, teacherTemperature: temperature };
const distillation = fc.oneof(
  fc.record({ ...ofTeacher, teacher: guide }, { requiredKeys: ['kind', 'temperature'] }),
  fc.record({ ...ofTeacher, scores: fc.constant('imported' as const) }, { requiredKeys: ['kind', 'temperature'] }),
);

const optimizer = {
  kind: fc.constant('adamW' as const),
  learningRate: share,
  beta1: belowOne,
  beta2: belowOne,
  epsilon: share,
  weightDecay: share,
  clipNorm: share,
};
const seeded = fc.record(
  {
    kind: fc.constant('seeded' as const),
    batchSize: fc.integer({ min: 2, max: 65_536 }),
    avoidDuplicatePassages: fc.boolean(),
    accumulation: fc.integer({ min: 2, max: 1024 }),
  },
  { requiredKeys: ['kind', 'batchSize', 'avoidDuplicatePassages'] },
);
const stageFields = {
  strategy: fc.oneof(
    fc.constant({ kind: 'full' as const }),
    fc.record({
      kind: fc.constant('lora' as const),
      rank: fc.integer({ min: 1, max: 1024 }),
      alpha: fc.double({ min: 0.001, max: 10_000, noNaN: true }),
      dropout: fc.double({ min: 0, max: 0.9, noNaN: true }),
      matrices: fc.uniqueArray(fc.constantFrom(...loraMatrices), { minLength: 1 }),
    }),
    fc.record({
      kind: fc.constant('prefix' as const),
      tokens: fc.oneof(fc.integer({ min: 1, max: 64 }), fc.constant<string[]>(['[q]', '[unused-1]'])),
      side: fc.constantFrom('queries' as const, 'both' as const),
    }),
    fc.record({
      kind: fc.constant('bitFit' as const),
      keywords: fc.array(fc.constantFrom('bias', 'query', 'layer.1', 'LayerNorm'), { minLength: 1, maxLength: 4 }),
    }),
  ),
  frozen: fc.record({ embeddings: fc.boolean(), layers: fc.integer({ min: 1, max: 24 }) }),
  loss: fc.oneof(infoNce, sigmoidPairs, triplet, distillation),
  batching: fc.oneof(seeded, fc.record({ kind: fc.constant('listed' as const), sha256: hex })),
  duration: fc.oneof(
    fc.record({ unit: fc.constant('epochs' as const), value: fc.double({ min: 0.01, max: 1000, noNaN: true }) }),
    fc.record({ unit: fc.constant('steps' as const), value: positive }),
  ),
  schedule: fc
    .record(
      {
        kind: fc.constantFrom('linear' as const, 'cosine' as const, 'constant' as const),
        warmup: share,
        warmupSteps: positive,
      },
      { requiredKeys: ['kind', 'warmup'] },
    )
    .map((schedule) => (schedule.warmupSteps ? { ...schedule, warmup: 0 } : schedule)),
  optimizer: fc.record(
    { ...optimizer, layerDecay: fc.double({ min: 0.1, max: 1, maxExcluded: true, noNaN: true }) },
    { requiredKeys: Object.keys(optimizer) as (keyof typeof optimizer)[] },
  ),
  dropout: fc.oneof(belowOne, fc.constant('model' as const)),
  ema: fc.record({ decay: fc.double({ min: 0.5, max: 0.9999, noNaN: true }) }),
};
const { frozen: _, ema: __, ...always } = stageFields;
const requiredKeys = Object.keys(always) as (keyof typeof always)[];
const onPairs = fc.record(stageFields, { requiredKeys });
const onScoredPairs = fc.record(
  { ...stageFields, data: fc.constant('scoredPairs' as const), loss: ofScores, batching: seeded },
  { requiredKeys: [...requiredKeys, 'data'] },
);
const stage = fc.oneof({ arbitrary: onPairs, weight: 3 }, onScoredPairs);

const evaluation = fc.record(
  {
    primary: fc.constantFrom(...metricNames),
    ks: fc.array(positive, { minLength: 1, maxLength: 4 }),
    devEverySteps: fc.nat(1000),
    checkpoint: fc.constantFrom('bestDev' as const, 'last' as const),
    devTimeShare: fc.double({ min: 0, minExcluded: true, max: 0.5, noNaN: true }),
  },
  { requiredKeys: ['primary', 'ks', 'devEverySteps', 'checkpoint'] },
);

/** Any valid experiment. */
export const experiments: fc.Arbitrary<Experiment> = fc
  .record({
    schemaVersion: fc.constant(1 as const),
    seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    data: fc.array(
      fc.record({
        role: fc.constantFrom('knowledgeBase' as const, 'pairs' as const, 'questions' as const),
        contentSha256: hex,
      }),
      { maxLength: 5 },
    ),
    split: fc.record(
      { devFraction: share, devMaximum: positive, removeNearDuplicates: fc.constant(true) },
      { requiredKeys: ['devFraction', 'devMaximum'] },
    ),
    model: fc.option(
      fc.record({
        contentSha256: hex,
        pooling: fc.constantFrom('mean' as const, 'cls' as const),
        normalize: fc.boolean(),
        maxTokens: fc.integer({ min: 3, max: 8192 }),
        queryPrefix: fc.string({ maxLength: 60 }),
        passagePrefix: fc.string({ maxLength: 60 }),
      }),
    ),
    stages: fc.oneof(
      fc.constant<Stage[]>([defaultStage()]),
      fc.array(
        fc.oneof(
          stage,
          stage.map((one) => ({ ...one, precision: 'mixed' as const })),
          onPairs.map((one) => ({ ...one, negatives: { from: 'random' as const, perAnchor: 5 } })),
          fc.tuple(onPairs, hex).map(([one, contentSha256]) => ({
            ...one,
            negatives: {
              ...{ from: 'mined' as const, perAnchor: 1, firstRank: 3, lastRank: 9, relativeMargin: 0.05 },
              pick: 'random' as const,
              model: {
                ...{ contentSha256, pooling: 'cls' as const, normalize: true, maxTokens: 512 },
                ...{ queryPrefix: 'q: ', passagePrefix: '' },
              },
            },
          })),
          fc.tuple(onPairs, hex).map(([one, id]) => ({
            ...one,
            negatives: { from: 'imported' as const, perAnchor: 2, dropped: [id.slice(0, 24)] },
          })),
        ),
        { minLength: 1, maxLength: 2 },
      ),
    ),
    evaluation: fc.oneof(
      evaluation,
      fc
        .tuple(evaluation, fc.integer({ min: 1, max: 1000 }))
        .map(([one, patience]) => ({ ...one, earlyStop: { patience } })),
    ),
  })
  .map(withLowestVersion);
