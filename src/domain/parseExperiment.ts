import * as v from 'valibot';
import { AppError } from './errors';
import { defaultExperiment, defaultStage, experimentSchema, schemaVersion, type Experiment } from './experiment';

type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function described(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value)?.slice(0, 80) ?? typeof value);
}

export function invalid(path: string, found: unknown, expected?: string): AppError {
  return new AppError({
    kind: 'experiment-invalid',
    path,
    found: described(found),
    ...(expected === undefined ? {} : { expected }),
  });
}

/** A step lifts an experiment of its version to the next one. Empty as long as there is one version. */
const migrations: Record<number, (old: JsonObject) => JsonObject> = {};

function migrated(input: JsonObject): JsonObject {
  let version = input['schemaVersion'] ?? schemaVersion;
  let experiment = input;
  if (typeof version === 'number' && version > schemaVersion)
    throw new AppError({ kind: 'experiment-too-new', version, supported: schemaVersion });
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1)
    throw invalid('schemaVersion', version, `1 to ${schemaVersion}`);
  while (version < schemaVersion) {
    const step: ((old: JsonObject) => JsonObject) | undefined = migrations[version];
    if (!step) throw invalid('schemaVersion', version, `${schemaVersion}`);
    experiment = step(experiment);
    version += 1;
  }
  return { ...experiment, schemaVersion };
}

/**
 * Whether the two are different members of a union (a batching's `kind`, a duration's `unit`), whose other fields have nothing to
 * do with each other. A schedule's kind is a plain choice: its warm-up means the same under each.
 */
export function isOtherKind(given: JsonObject, standard: JsonObject): boolean {
  const differs = (tag: string): boolean => tag in given && tag in standard && given[tag] !== standard[tag];
  return differs('unit') || (differs('kind') && !('warmup' in standard));
}

/** What `given` misses is taken from the default, at any depth. Lists, and other members of a union, are taken as they are. */
function completed(given: unknown, standard: unknown): unknown {
  if (given === undefined) return standard;
  if (!isObject(given) || !isObject(standard) || isOtherKind(given, standard)) return given;
  const result: JsonObject = { ...given };
  for (const [name, value] of Object.entries(standard)) result[name] = completed(given[name], value);
  return result;
}

/** Members that a model may leave out: length and prefixes of a model are read from its folder, so only these are safe. */
const modelDefaults = { queryPrefix: '', passagePrefix: '' };

/** A stage with its defaults. Full precision is what no word says: see the schema. */
function completedStage(given: unknown): unknown {
  const stage = completed(given, defaultStage());
  if (!isObject(stage) || stage['precision'] !== 'full') return stage;
  const { precision: _, ...rest } = stage;
  return rest;
}

/** All defaults written out; nothing is checked yet. */
export function withDefaults(input: JsonObject): JsonObject {
  const experiment = completed(migrated(input), defaultExperiment());
  if (!isObject(experiment)) return {};
  const { stages, model } = experiment;
  return {
    ...experiment,
    stages: Array.isArray(stages) ? stages.map(completedStage) : stages,
    model: isObject(model) ? completed(model, modelDefaults) : model,
  };
}

/** The value in the schema's type, or its first complaint by the path of the field; `base` is where the value stands. */
export function checked<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  base = '',
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = [base, v.getDotPath(issue) ?? ''].filter((part) => part !== '').join('.');
  const expected = issue.expected === 'never' ? 'no such field' : (issue.expected ?? undefined);
  throw invalid(path, issue.input, expected);
}

/**
 * Any JSON value as an experiment with all defaults written out.
 * @throws experiment-invalid with the path of the field that is wrong or unknown.
 */
export function parseExperiment(input: unknown): Experiment {
  if (!isObject(input)) throw invalid('', input, 'an object');
  return checked(experimentSchema, withDefaults(input));
}
