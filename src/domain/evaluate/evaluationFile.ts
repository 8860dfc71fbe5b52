import * as v from 'valibot';
import { own } from '../errorWords';
import { experimentModelSchema, type ExperimentModel } from '../experiment';
import { parseExperimentFile, type ExperimentFile } from '../experimentFile';
import { isHubLocation, parseHubLocation } from '../import/hub';
import { isObject } from '../isObject';
import type { StoredModel } from '../model';
import type { OnnxModel } from '../onnxModel';
import { experimentInvalid, parseWith, refuseDeepFields } from '../parseExperiment';
import type { QuestionPart } from '../records';
import { usualModelSettings } from './candidateSettings';
import { candidateId, type Candidate } from './candidate';
import { largestK } from './comparedMetric';

/**
 * The file of `npm run evaluate`: models that are compared on the same questions and knowledge base, without training.
 * docs/evaluation.md explains every field.
 */
export const evaluationVersion = 1;

/** Maximum number of models in a file. Each is compared with the baseline, and Holm's correction counts them all. */
const mostModels = 64;

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const evaluatedModelSchema = v.strictObject({
  /** The model's folder, or `hub:ID@REVISION`. */
  location: v.pipe(v.string(), v.minLength(1), v.maxLength(4096)),
  name: v.optional(name),
  /** Path in the model's folder of the ONNX graph that transformers.js runs, such as `onnx/model.onnx`. */
  onnx: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(4096), v.endsWith('.onnx'))),
  /** Whether the model's ranking is also fused with that of the keyword search. */
  fused: v.optional(v.boolean(), false),
  ...v.partial(experimentModelSchema).entries,
});
const evaluationSchema = v.strictObject({
  schemaVersion: v.optional(v.literal(evaluationVersion), evaluationVersion),
  part: v.optional(v.picklist(['dev', 'test'])),
  models: v.optional(v.pipe(v.array(evaluatedModelSchema), v.maxLength(mostModels)), []),
  keywords: v.optional(v.boolean(), true),
  baseline: v.optional(name),
  k: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(largestK)), 1),
  data: v.optional(v.unknown()),
  locations: v.optional(v.unknown(), {}),
});

/** The locations that an evaluation reads. */
const evaluatedSlots = ['knowledgeBase', 'scoredPairs', 'devQuestions', 'testQuestions', 'labelDecisions'] as const;

/** A model in the file: its location, its name, and the settings stated for it. */
export interface EvaluatedModel {
  location: string;
  name: string;
  /** Path of the ONNX graph that transformers.js runs; null for a model that the engine runs. */
  onnx: string | null;
  fused: boolean;
  stated: Partial<ExperimentModel>;
}

export interface EvaluationFile {
  part: QuestionPart;
  models: EvaluatedModel[];
  keywords: boolean;
  /** Name of the candidate that the others are compared with. */
  baseline: string;
  k: number;
  /** The data and its locations, as an experiment without training. */
  inputs: ExperimentFile;
}

/** Names of candidates, which no model of a file may have. */
export const keywordsName = 'BM25';
export const fusedName = (model: string): string => `${model} + ${keywordsName}`;

/** Returns a model's name if the file states none: that of its folder, or its id on a hub. */
function nameOf(location: string): string {
  if (isHubLocation(location)) return parseHubLocation(location)?.id ?? location;
  return location.split(/[\\/]/).findLast((part) => part !== '' && part !== '.' && part !== '..') ?? location;
}

function candidateNames({ models, keywords }: Pick<EvaluationFile, 'models' | 'keywords'>): string[] {
  const ofModels = models.flatMap((model) => [model.name, ...(model.fused ? [fusedName(model.name)] : [])]);
  return [...ofModels, ...(keywords ? [keywordsName] : [])];
}

/**
 * Parses the JSON value of an evaluation file.
 * @throws experiment-invalid with the path of the wrong field.
 */
export function parseEvaluationFile(json: unknown): EvaluationFile {
  if (!isObject(json)) throw experimentInvalid('', json, own('object'));
  refuseDeepFields(json);
  const { models: given, keywords, k, ...rest } = parseWith(evaluationSchema, json);
  const inputs = inputsOf(rest.data, rest.locations);
  const models = given.map(({ location, name: stated, onnx = null, fused, ...settings }): EvaluatedModel => {
    return { location, name: stated ?? nameOf(location), onnx, fused, stated: settings };
  });
  const names = candidateNames({ models, keywords });
  // Tables and charts tell candidates apart by their names.
  const twice = models.findIndex(({ name: modelName }) => names.filter((one) => one === modelName).length > 1);
  if (twice >= 0) throw experimentInvalid(`models.${twice}.name`, models[twice]?.name, own('different-names'));
  const [first] = names;
  if (first === undefined) throw experimentInvalid('models', given, own('list-of', 1, mostModels));
  const { baseline = first } = rest;
  if (!names.includes(baseline)) throw experimentInvalid('baseline', baseline, names);
  const part = rest.part ?? (inputs.locations.testQuestions || hasPart(inputs, 'test') ? 'test' : 'dev');
  return { part, models, keywords, baseline, k, inputs };
}

/** Parses the data and its locations with the schema of experiment files, and rejects data that only training reads. */
function inputsOf(data: unknown, locations: unknown): ExperimentFile {
  const inputs = parseExperimentFile({ ...(data === undefined ? {} : { data }), locations });
  const known: readonly string[] = evaluatedSlots;
  for (const [slot, given] of Object.entries(inputs.locations))
    if (!known.includes(slot)) throw experimentInvalid(`locations.${slot}`, given, own('no-such-field'));
  inputs.experiment.data.forEach(({ role }, index) => {
    if (role === 'pairs')
      throw experimentInvalid(`data.${index}.role`, role, ['knowledgeBase', 'questions', 'scoredPairs']);
  });
  return inputs;
}

const hasPart = ({ experiment }: ExperimentFile, part: QuestionPart): boolean =>
  experiment.data.some((entry) => entry.part === part);

/** A stored model that the engine or transformers.js runs. */
export type EvaluableModel = StoredModel | OnnxModel;

/** A candidate of an evaluation file, with the model that it encodes with. */
export interface NamedCandidate {
  name: string;
  candidate: Candidate;
  /** Null for the keyword search. */
  model: EvaluableModel | null;
}

/**
 * Returns the candidates of a file. `stored` are its models in their order.
 * @throws experiment-invalid if two models are the same and have the same settings, whatever their names: the table
 * would list one twice, and Holm's correction would count it twice.
 */
export function candidatesOf(file: EvaluationFile, stored: readonly EvaluableModel[]): NamedCandidate[] {
  const nameOfId = new Map<string, string>();
  const ofModels = file.models.flatMap(({ name: modelName, fused, stated }, index): NamedCandidate[] => {
    const model = stored[index];
    if (!model) return [];
    const kind = 'graph' in model ? ('onnx' as const) : ('base' as const);
    const dense = { kind, model: { ...usualModelSettings(model), ...stated } };
    const same = nameOfId.get(candidateId(dense));
    if (same !== undefined) throw experimentInvalid(`models.${index}`, modelName, own('different-model', same));
    nameOfId.set(candidateId(dense), modelName);
    const alone = { name: modelName, candidate: dense, model };
    return fused ? [alone, { name: fusedName(modelName), candidate: { kind: 'fused', dense }, model }] : [alone];
  });
  const keywords: NamedCandidate[] = file.keywords
    ? [{ name: keywordsName, candidate: { kind: 'keywords' }, model: null }]
    : [];
  return [...ofModels, ...keywords];
}
