import * as v from 'valibot';
import { experimentModelSchema } from '../experiment';
import { fraction, finite, id, sha256, text, time, whole } from './schemaFields';

/** Schemas of the results of comparisons in a project file. */

const runId = id;
const engineCandidates = [
  v.strictObject({ kind: v.literal('base'), model: experimentModelSchema }),
  v.strictObject({ kind: v.literal('run'), runId, weights: v.picklist(['kept', 'last']) }),
  v.strictObject({ kind: v.literal('blend'), runId, ratio: fraction }),
  v.strictObject({ kind: v.literal('onnx'), model: experimentModelSchema }),
] as const;
const candidate = v.variant('kind', [
  ...engineCandidates,
  v.strictObject({ kind: v.literal('keywords') }),
  v.strictObject({ kind: v.literal('fused'), dense: v.variant('kind', [...engineCandidates]) }),
]);

/** A rank from 1. The keyword search gives none to a passage that it does not find. */
const rank = v.union([
  v.pipe(whole, v.minValue(1)),
  v.pipe(
    v.literal('Infinity'),
    v.transform(() => Infinity),
  ),
]);

const common = {
  experimentId: id,
  key: sha256,
  candidate,
  /** Only if the results belonged to the current weights of their candidate when they were saved. */
  dataSha256: v.exactOptional(sha256),
  createdAt: time,
};

const questionScores = v.strictObject({
  questionId: text,
  first: v.strictObject({ passageId: text, score: finite, right: v.boolean() }),
  right: v.array(finite),
  wrong: v.nullable(finite),
  random: v.array(finite),
});

const onQuestions = v.strictObject({
  ...common,
  part: v.picklist(['dev', 'test', 'probe']),
  results: v.array(
    v.strictObject({
      questionId: text,
      ranks: v.array(rank),
      top: v.array(v.strictObject({ passageId: text, score: finite })),
      rightScore: v.exactOptional(finite),
    }),
  ),
  passagesPerSecond: v.nullable(finite),
  scores: v.exactOptional(v.array(questionScores)),
  ofRun: v.exactOptional(v.literal(true)),
});

const onPairs = v.strictObject({ ...common, part: v.literal('pairs'), scores: v.array(finite) });

export const comparisonSchema = v.variant('part', [onQuestions, onPairs]);
