import * as v from 'valibot';
import { poolings } from '../model';
import { exclusions } from '../negatives/answerIndex';
import { labelLog } from '../evaluate/labelFile';
import { reviewMarks } from '../evaluate/review';
import { judgedId } from '../negatives/judgedPairs';
import { parseAxes } from '../sweep/sweep';
import { maxPerAnchor } from '../train/negativesSchema';
import { dataRoles, keptFields, largestTeacherScore, rowsPerBlock } from '../records';
import { experiment, finite, fraction, id, name, sha256, text, time, whole, storedAs, inParts } from './schemaFields';

/** A sweep whose axes are valid for its experiment. */
const sweepSchema = v.pipe(
  v.strictObject({ sweepId: id, experiment, axes: v.unknown(), createdAt: time }),
  v.transform((sweep) => ({ ...sweep, axes: parseAxes(sweep.axes, sweep.experiment) })),
);

export const storedExperimentSchema = v.strictObject({
  experimentId: id,
  name,
  experiment,
  linked: v.exactOptional(experiment),
  sweeps: v.exactOptional(v.array(sweepSchema)),
  negativeDecisions: v.exactOptional(
    v.array(v.strictObject({ id: v.pipe(v.string(), v.regex(judgedId)), keep: v.boolean(), decidedAt: time })),
  ),
  reviewDecisions: v.exactOptional(
    v.array(v.strictObject({ question: text, passageId: text, mark: v.picklist(reviewMarks), decidedAt: time })),
  ),
  labelDecisions: v.exactOptional(labelLog),
  comparedPairs: v.exactOptional(sha256),
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

/** Fields of every row, whatever its role. */
const rowFields = {
  id: text,
  kept: v.exactOptional(
    v.strictObject({ topic: v.exactOptional(text), document: v.exactOptional(text), chunk: v.exactOptional(text) }),
  ),
};

const pairSchema = v.pipe(
  v.strictObject({
    ...rowFields,
    anchor: text,
    positive: text,
    negatives: v.exactOptional(v.array(text)),
    teacherScores: v.exactOptional(
      v.array(v.pipe(finite, v.minValue(-largestTeacherScore), v.maxValue(largestTeacherScore))),
    ),
  }),
  v.check(
    ({ negatives = [], teacherScores }) => !teacherScores || teacherScores.length === 1 + negatives.length,
    'a teacher score for the positive and each negative',
  ),
);

/** Schemas of a row, by role. */
export const rowSchemas = {
  knowledgeBase: v.strictObject({ ...rowFields, text, title: v.exactOptional(text) }),
  pairs: pairSchema,
  questions: v.strictObject({ ...rowFields, text, relevant: v.array(text) }),
  scoredPairs: v.strictObject({ ...rowFields, sentence1: text, sentence2: text, score: finite }),
};

/** Schemas of a list of rows, by role. */
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

/** Mined negatives without their arrays, which are stored together in one binary entry. */
export const minedSchema = v.strictObject({
  key: sha256,
  perAnchor: v.pipe(whole, v.minValue(1), v.maxValue(maxPerAnchor)),
  /** Number of pairs, and of scores of random passages. */
  pairs: whole,
  random: whole,
  candidates: whole,
  /** SHA-256 of all arrays. */
  sha256,
  excluded: v.strictObject(v.entriesFromList(exclusions, whole)),
  refilled: whole,
  refilledRows: whole,
});

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
