import * as v from 'valibot';
import { canonicalJson } from './canonicalJson';
import { AppError } from './errors';
import { own, type OwnWords, type Said } from './errorWords';
import {
  defaultExperiment,
  defaultStage,
  experimentSchema,
  schemaVersion,
  withLowestVersion,
  type Experiment,
} from './experiment';
import { excerptOf, isTooDeep, maxJsonDepth } from './foreignJson';
import { isObject } from './isObject';
import { withoutUsualAccumulation } from './train/batchingSchema';
import { averagesNothing } from './train/emaSchema';
import { withoutUsualLoss } from './train/lossSchema';
import { defaultLora } from './train/loraSchema';
import { defaultPrefix } from './train/prefixSchema';
import { objectAt, stageModelPaths, withValueAt } from './train/stageModels';
import { withShareOfSteps } from './train/scheduleSchema';
import { defaultKeywords } from './train/strategySchema';

type JsonObject = Record<string, unknown>;

function described(value: unknown): Said {
  return excerptOf(value) ?? own('no-value');
}

export function experimentInvalid(path: string, found: unknown, expected?: Said): AppError {
  return new AppError({
    kind: 'experiment-invalid',
    path,
    found: described(found),
    ...(expected === undefined ? {} : { expected }),
  });
}

/**
 * Throws experiment-invalid with the name of the first field that is nested too deep: the code below compares and
 * copies values that no schema has validated yet.
 */
export function refuseDeepFields(input: JsonObject): void {
  for (const [name, value] of Object.entries(input))
    if (isTooDeep(value)) throw experimentInvalid(name, value, own('nested-at-most', maxJsonDepth));
}

/** Entry v converts an experiment from version v to v + 1. */
const migrations: Record<number, (old: JsonObject) => JsonObject> = {
  // Version 2 only adds optional fields. If they are absent, the experiment means the same as in version 1.
  1: (experiment) => experiment,
};

function migrated(input: JsonObject): JsonObject {
  let version = input['schemaVersion'] ?? schemaVersion;
  let experiment = input;
  if (typeof version === 'number' && version > schemaVersion)
    throw new AppError({ kind: 'experiment-too-new', version, supported: schemaVersion });
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1)
    throw experimentInvalid('schemaVersion', version, own('integer-from-to', 1, schemaVersion));
  while (version < schemaVersion) {
    const step: ((old: JsonObject) => JsonObject) | undefined = migrations[version];
    if (!step) throw experimentInvalid('schemaVersion', version, `${schemaVersion}`);
    experiment = step(experiment);
    version += 1;
  }
  return { ...experiment, schemaVersion };
}

/**
 * Whether the two objects are different members of a union (batching's `kind`, duration's `unit`), whose other fields
 * are unrelated. A schedule's `kind` does not count, because `warmup` means the same for every kind.
 */
export function isOtherKind(given: JsonObject, standard: JsonObject): boolean {
  const differs = (tag: string): boolean => tag in given && tag in standard && given[tag] !== standard[tag];
  return differs('unit') || (differs('kind') && !('warmup' in standard));
}

/**
 * Fills in missing fields from the default, at any depth. Leaves lists unchanged, and also unions whose kind differs
 * from the default's.
 */
function completed(given: unknown, standard: unknown): unknown {
  if (given === undefined) return standard;
  if (!isObject(given) || !isObject(standard) || isOtherKind(given, standard)) return given;
  const result: JsonObject = { ...given };
  for (const [name, value] of Object.entries(standard)) result[name] = completed(given[name], value);
  return result;
}

/** The only model fields with a default. All others describe a particular model and are read from its folder. */
const modelDefaults = { queryPrefix: '', passagePrefix: '' };

/**
 * Fills in a stage's defaults. Drops stated values whose absence means the same: full precision, pairs as `data`, a
 * `frozen` that freezes nothing, a `layerDecay` or an `accumulation` of 1, an `ema` with a decay of 0, and those of the
 * loss.
 */
function completedStage(given: unknown): unknown {
  const stated = isObject(given) ? { ...given, schedule: withShareOfSteps(given['schedule']) } : given;
  const stage = completed(stated, defaultStage());
  if (!isObject(stage)) return stage;
  const { precision, frozen, loss, optimizer, batching, data, ema, ...rest } = stage;
  const freezing = isObject(frozen) ? { embeddings: false, layers: 0, ...frozen } : frozen;
  return {
    ...rest,
    ...(optimizer === undefined ? {} : { optimizer: withoutUsualDecay(optimizer) }),
    ...(batching === undefined ? {} : { batching: withoutUsualAccumulation(batching) }),
    strategy: completedStrategy(stage['strategy']),
    ...(loss === undefined ? {} : { loss: isObject(loss) ? withoutUsualLoss(loss) : loss }),
    ...(data === undefined || data === 'pairs' ? {} : { data }),
    ...(precision === undefined || precision === 'full' ? {} : { precision }),
    ...(freezing === undefined || freezesNothing(freezing) ? {} : { frozen: freezing }),
    ...(ema === undefined || averagesNothing(ema) ? {} : { ema }),
  };
}

/** Whether `frozen` states the same as an absent field. */
function freezesNothing(frozen: unknown): boolean {
  return (
    isObject(frozen) && Object.keys(frozen).length === 2 && frozen['embeddings'] === false && frozen['layers'] === 0
  );
}

/** Drops `layerDecay: 1`, because an absent field means 1. */
function withoutUsualDecay(optimizer: unknown): unknown {
  if (!isObject(optimizer) || optimizer['layerDecay'] !== 1) return optimizer;
  const { layerDecay: _, ...rest } = optimizer;
  return rest;
}

function completedStrategy(strategy: unknown): unknown {
  if (!isObject(strategy)) return strategy;
  if (strategy['kind'] === 'bitFit') return { keywords: defaultKeywords, ...strategy };
  if (strategy['kind'] === 'lora') return { ...defaultLora, ...strategy };
  return strategy['kind'] === 'prefix' ? { ...defaultPrefix, ...strategy } : strategy;
}

/** Completes the model that mines a stage's negatives, and drops it if it is the base model. */
function withMiner(stage: unknown, base: unknown): unknown {
  const negatives = isObject(stage) ? stage['negatives'] : undefined;
  if (!isObject(stage) || !isObject(negatives) || !isObject(negatives['model'])) return stage;
  const { model, ...rest } = negatives;
  const miner = completed(model, modelDefaults);
  const isBase = isObject(base) && canonicalJson(miner) === canonicalJson(completed(base, modelDefaults));
  return { ...stage, negatives: isBase ? rest : { ...rest, model: miner } };
}

/** Completes the settings of the model whose scores mask a stage's false negatives, and of the teacher. */
function withFrozenModels(stage: unknown): unknown {
  return [stageModelPaths.guideModel, stageModelPaths.teacherModel].reduce((rest, path) => {
    const model = objectAt(rest, path);
    return model ? withValueAt(rest, path, completed(model, modelDefaults)) : rest;
  }, stage);
}

/** Drops `removeNearDuplicates: false`, because in the schema an absent field means false. */
function completedSplit(split: unknown): unknown {
  if (!isObject(split) || split['removeNearDuplicates'] !== false) return split;
  const { removeNearDuplicates: _, ...rest } = split;
  return rest;
}

/** Drops `joinTitles: false` of a data set, because in the schema an absent field means false. */
function completedEntry(entry: unknown): unknown {
  if (!isObject(entry) || entry['joinTitles'] !== false) return entry;
  const { joinTitles: _, ...rest } = entry;
  return rest;
}

/** Migrates the input and fills in all defaults. Does not validate the result. */
export function withDefaults(input: JsonObject): JsonObject {
  const experiment = completed(migrated(input), defaultExperiment());
  if (!isObject(experiment)) return {};
  const { data, split, stages, model } = experiment;
  return {
    ...experiment,
    data: Array.isArray(data) ? data.map(completedEntry) : data,
    split: completedSplit(split),
    stages: Array.isArray(stages)
      ? stages.map((stage) => withFrozenModels(withMiner(completedStage(stage), model)))
      : stages,
    model: isObject(model) ? completed(model, modelDefaults) : model,
  };
}

/** The app's phrases for types and checks that valibot names only in English. */
const schemaWords: Record<string, OwnWords> = {
  never: own('no-such-field'),
  string: own('text'),
  number: own('number'),
  boolean: own('boolean'),
  Array: own('list'),
  Object: own('object'),
};

/** Returns what a schema expects: literals and limits as valibot writes them, the rest in the app's own phrases. */
function expectedBy({ type, expected, received, message }: v.BaseIssue<unknown>): Said | undefined {
  // For a missing field, valibot expects the field's name, which would not help the user.
  if (type === 'strict_object' && received === 'undefined') return undefined;
  if (type === 'integer') return own('integer');
  if (type === 'regex') return own('sha256');
  if (type === 'check' && message === 'parameter-keyword') return own('parameter-keyword');
  if (expected === null) return undefined;
  const alternatives = expected.replace(/^\((.*)\)$/, '$1').split(' | ');
  const parts = alternatives.map(
    (part): Said => (Object.hasOwn(schemaWords, part) ? schemaWords[part] : undefined) ?? part,
  );
  return parts.length === 1 ? parts[0] : parts;
}

/**
 * Validates a value and returns it in the schema's type. `base` is the path of the value in the experiment.
 * @throws experiment-invalid with the path of the first wrong field.
 */
export function parseWith<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  base = '',
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = [base, v.getDotPath(issue) ?? ''].filter((part) => part !== '').join('.');
  // A check over several fields receives the whole object; its path names the wrong field.
  const found = issue.type === 'partial_check' ? issue.path?.at(-1)?.value : issue.input;
  throw experimentInvalid(path, found, expectedBy(issue));
}

/**
 * Parses a JSON value as an experiment with all defaults filled in, in the lowest schema version that can state it.
 * @throws experiment-invalid with the path of the wrong or unknown field.
 */
export function parseExperiment(input: unknown): Experiment {
  if (!isObject(input)) throw experimentInvalid('', input, own('object'));
  refuseDeepFields(input);
  return withLowestVersion(parseWith(experimentSchema, withDefaults(input)));
}
