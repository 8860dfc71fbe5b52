import * as v from 'valibot';
import type { AppErrorDetails } from '../errors';
import { metricNames } from '../experiment';
import { isObject } from '../isObject';
import { poolings } from '../model';
import { parseExperiment } from '../parseExperiment';
import { dataRoles, keptFields, rowsPerBlock } from '../records';
import { progressKinds } from '../run';

/** Types of fields that the records of a project file share. The file is someone else's: every field has bounds. */

/** SHA-256 as 64 lower-case hex digits. */
export const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
/** Ids are parts of paths in the file and of addresses in the page. */
export const id = v.pipe(v.string(), v.regex(/^[\w-]{1,100}$/));
const text = v.string();
export const name = v.pipe(v.string(), v.maxLength(10_000));
const finite = v.pipe(v.number(), v.finite());
export const whole = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const fraction = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
/** Milliseconds since 1970, within the range of a Date: formatting any other value throws. */
const time = v.pipe(v.number(), v.minValue(0), v.maxValue(8.64e15));
/** A measurement, which may be infinite or NaN. JSON has no such numbers; see `projectJson`. */
const measured = v.union([
  v.number(),
  v.pipe(v.picklist(['NaN', 'Infinity', '-Infinity']), v.transform(Number)),
  // Files of format 1 have null for all three.
  v.pipe(
    v.null(),
    v.transform(() => NaN),
  ),
]);
const experiment = v.pipe(v.unknown(), v.transform(parseExperiment));

/** Returns the JSON of a record. Numbers that JSON lacks become strings, which `measured` reads. */
export function projectJson(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    typeof field === 'number' && !Number.isFinite(field) ? String(field) : field,
  );
}

const isPlain = (field: unknown): boolean => field === null || ['string', 'number', 'boolean'].includes(typeof field);

/** Whether a value is a part of an error's sentence; lists nest once. */
function isSaid(value: unknown, depth = 0): boolean {
  if (Array.isArray(value)) return depth < 2 && value.every((part) => isSaid(part, depth + 1));
  if (!isObject(value)) return typeof value === 'string';
  return typeof value['code'] === 'string' && Array.isArray(value['values']) && value['values'].every(isPlain);
}

/**
 * A stored error. Its kind may be one that this version does not know, which the error's sentence allows for, but its
 * fields must be plain values or parts of a sentence.
 */
const errorSchema = v.custom<AppErrorDetails>(
  (value) =>
    isObject(value) &&
    typeof value['kind'] === 'string' &&
    Object.values(value).every((field) => isPlain(field) || isSaid(field)),
);

export const experimentSchema = v.strictObject({
  experimentId: id,
  name,
  experiment,
  linked: v.exactOptional(experiment),
  createdAt: time,
  updatedAt: time,
  demo: v.boolean(),
});

export const datasetSchema = v.strictObject({
  contentSha256: sha256,
  role: v.picklist(dataRoles),
  name,
  rows: whole,
  characters: whole,
  titles: v.exactOptional(whole),
  kept: v.exactOptional(
    v.strictObject({
      sha256,
      fields: v.array(v.strictObject({ field: v.picklist(keptFields), rows: whole, values: whole })),
    }),
  ),
  sources: v.exactOptional(
    v.array(
      v.strictObject({
        path: name,
        columns: v.exactOptional(v.record(v.string(), v.union([name, v.array(name)]))),
        sheet: v.exactOptional(name),
        encoding: v.exactOptional(name),
        delimiter: v.exactOptional(name),
      }),
    ),
  ),
  createdAt: time,
});

/** What rows of all roles have. */
const rowFields = {
  id: text,
  kept: v.exactOptional(
    v.strictObject({ topic: v.exactOptional(text), document: v.exactOptional(text), chunk: v.exactOptional(text) }),
  ),
};

/** Rows by role. */
export const rowSchemas = {
  knowledgeBase: v.strictObject({ ...rowFields, text, title: v.exactOptional(text) }),
  pairs: v.strictObject({ ...rowFields, anchor: text, positive: text, negatives: v.exactOptional(v.array(text)) }),
  questions: v.strictObject({ ...rowFields, text, relevant: v.array(text) }),
  scoredPairs: v.strictObject({ ...rowFields, sentence1: text, sentence2: text, score: finite }),
};

/** Lists of rows by role. */
export const rowsSchemas = {
  knowledgeBase: v.array(rowSchemas.knowledgeBase),
  pairs: v.array(rowSchemas.pairs),
  questions: v.array(rowSchemas.questions),
  scoredPairs: v.array(rowSchemas.scoredPairs),
};

export const blockSchema = v.strictObject({
  contentSha256: sha256,
  block: whole,
  rows: v.pipe(v.array(v.unknown()), v.maxLength(rowsPerBlock)),
  sha256,
});

export const batchListSchema = v.strictObject({ sha256, batches: v.array(v.array(whole)) });

const guessable = <Schema extends v.GenericSchema>(value: Schema) => v.strictObject({ value, guessed: v.boolean() });
const prefix = v.pipe(v.string(), v.maxLength(500));
const size = v.pipe(whole, v.maxValue(2 ** 31));

const dtype = v.picklist(['F32', 'F16', 'BF16', 'I64', 'I32', 'I16', 'I8', 'U8', 'BOOL', 'F64']);
const keptTensors = v.array(
  v.strictObject({ name: text, shape: v.array(size), dtype, offset: whole, bytes: v.pipe(whole, v.minValue(1)) }),
);

const modelFields = {
  contentSha256: sha256,
  aliasOf: v.exactOptional(sha256),
  name,
  config: v.strictObject({
    layers: size,
    hiddenSize: size,
    heads: size,
    intermediateSize: size,
    vocabularySize: size,
    maxPositions: size,
    typeVocabularySize: size,
    layerNormEpsilon: finite,
    hiddenDropout: fraction,
    attentionDropout: fraction,
    padTokenId: whole,
  }),
  tensors: v.array(v.strictObject({ name: text, shape: v.array(size), offset: whole, length: whole })),
  totalFloats: whole,
  files: v.record(v.string(), v.string()),
  defaults: v.strictObject({
    pooling: guessable(v.picklist(poolings)),
    normalize: guessable(v.boolean()),
    maxTokens: guessable(v.pipe(whole, v.minValue(3), v.maxValue(8192))),
    queryPrefix: guessable(prefix),
    passagePrefix: guessable(prefix),
  }),
  sourceDtype: dtype,
  hub: v.exactOptional(v.strictObject({ host: name, id: name, commit: name })),
  createdAt: time,
};

/** In files of format 1, weights are stored under their id in the browser that saved the file. */
const storedAs = { weightsId: id };
/** From format 2 on, the hashes of the parts that hold the weights, in order. Equal parts are in the file once. */
const inParts = { weights: v.array(sha256) };

export const modelSchemas = {
  1: v.strictObject({
    ...modelFields,
    ...storedAs,
    untrained: v.exactOptional(v.nullable(v.strictObject({ ...storedAs, tensors: keptTensors }))),
  }),
  2: v.strictObject({
    ...modelFields,
    ...inParts,
    untrained: v.exactOptional(v.nullable(v.strictObject({ ...inParts, tensors: keptTensors }))),
  }),
};

const checkpointFields = {
  runId: id,
  generation: whole,
  step: whole,
  floats: v.pipe(whole, v.minValue(1)),
  loopState: v.strictObject({
    bestDev: v.nullable(finite),
    bestStep: v.nullable(whole),
    elapsedMs: finite,
    lossScale: v.exactOptional(v.strictObject({ scale: finite, goodSteps: whole, skipped: whole })),
    bestMrrAt10: v.exactOptional(finite),
    devPending: v.exactOptional(v.boolean()),
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
  ]),
  adapter: v.nullable(v.strictObject({ vendor: text, architecture: text, description: text })),
  threads: whole,
  simd: v.boolean(),
  relaxedSimd: v.exactOptional(v.boolean()),
});

const wayWithSize = { tokensPerPass: v.pipe(whole, v.minValue(1)) };
const memorySchema = v.strictObject({
  budgetBytes: finite,
  ways: v.array(
    v.variant('kind', [
      v.strictObject({
        kind: v.picklist(['plain', 'recompute']),
        tokensPerPass: v.exactOptional(wayWithSize.tokensPerPass),
      }),
      v.strictObject({ kind: v.literal('gradCache'), ...wayWithSize }),
    ]),
  ),
  encodingTokens: v.pipe(whole, v.minValue(1)),
  snapshotBytes: v.exactOptional(whole),
});

const phase = v.picklist(['prepare', 'evaluateBefore', 'train', 'evaluateAfter', 'done']);
const status = v.picklist(['queued', 'running', 'paused', 'interrupted', 'cancelled', 'failed', 'done']);

export const runSchema = v.strictObject({
  runId: id,
  experimentId: id,
  experiment,
  experimentHash: sha256,
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
  createdAt: time,
  finishedAt: v.exactOptional(time),
  weightsSha256: v.exactOptional(sha256),
  keptStep: v.exactOptional(whole),
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

export const evaluationSchema = v.strictObject({
  runId: id,
  part: v.picklist(['dev', 'test']),
  moment: v.picklist(['before', 'after']),
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
    }),
  ),
  createdAt: time,
  encodeMs: finite,
});

const place = { runId: id, seq: whole, at: time };
const eventOf = <Type extends string, Fields extends v.ObjectEntries>(type: Type, fields: Fields) =>
  v.strictObject({ ...place, type: v.literal(type), ...fields });

export const runEventSchema = v.variant('type', [
  eventOf('phase', { phase }),
  eventOf('status', { status, error: v.exactOptional(errorSchema) }),
  eventOf('batchPlan', { steps: whole, leftOut: v.array(v.array(whole)) }),
  eventOf('device', { device: deviceSchema }),
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
    inBatchAccuracy: measured,
    positiveScore: measured,
    negativeScore: measured,
    tokens: whole,
    stepMs: measured,
    backendBytes: measured,
    lossScale: v.exactOptional(finite),
    skipped: v.exactOptional(v.literal(true)),
  }),
  eventOf('progress', { what: v.picklist(progressKinds), done: finite, of: finite }),
  eventOf('devEvaluation', { step: whole, metrics: metricsSchema, best: v.boolean() }),
  eventOf('testEvaluation', { moment: v.picklist(['before', 'after']), metrics: metricsSchema }),
  eventOf('checkpoint', {
    step: whole,
    generation: whole,
    writeMs: finite,
    waitedMs: v.exactOptional(finite),
    bytes: whole,
  }),
]);

/** A type with no optional field, at any depth. */
type AllRequired<T> = T extends readonly (infer Item)[]
  ? AllRequired<Item>[]
  : T extends object
    ? { [Field in keyof T]-?: AllRequired<T[Field]> }
    : T;

/** True only if two types have the same fields at any depth, optional ones included: a new one needs a place above. */
export type SameFields<A, B> = [AllRequired<A>] extends [AllRequired<B>]
  ? [AllRequired<B>] extends [AllRequired<A>]
    ? true
    : false
  : false;
