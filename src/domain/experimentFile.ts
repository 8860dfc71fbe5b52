import * as v from 'valibot';
import { experimentSchema, modelSchema, type DataEntry, type Experiment } from './experiment';
import { checked, invalid, isObject, withDefaults } from './parseExperiment';

/**
 * The file of the headless runner: an experiment, and `locations` beside it (paths relative to the file). Hashes of data and
 * model may be missing: the runner fills them in from what it read. Locations are no part of the experiment's identity.
 */
const location = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));
const locationsSchema = v.strictObject({
  knowledgeBase: v.optional(location),
  pairs: v.optional(location),
  devQuestions: v.optional(location),
  testQuestions: v.optional(location),
  /** A folder. */
  model: v.optional(location),
  /** A listed batch order: JSON, rows of the pairs, a list a step. */
  batches: v.optional(location),
});
export type Locations = v.InferOutput<typeof locationsSchema>;

/** The model as far as the file says it; what is missing is read from the model's folder. */
const partialModelSchema = v.partial(modelSchema);
export type PartialModel = v.InferOutput<typeof partialModelSchema>;

const listedWithoutHash = '0'.repeat(64);

export interface ExperimentFile {
  /** Without what only the files can tell: `data` holds the entries that came with a hash, `model` is null. */
  experiment: Experiment;
  model: PartialModel | null;
  /** Stages whose batch list is in `locations.batches` and has no hash yet. */
  stagesToFill: number[];
  locations: Locations;
}

/** Entries that name a role without a hash are promises of `locations`; the file's reader makes them real. */
function entriesWithHash(data: unknown): unknown {
  if (!Array.isArray(data)) return data;
  return data.filter((entry: unknown) => !isObject(entry) || entry['contentSha256'] !== undefined);
}

function stagesWithHash(stages: unknown, locations: Locations): { stages: unknown; stagesToFill: number[] } {
  const stagesToFill: number[] = [];
  if (!Array.isArray(stages)) return { stages, stagesToFill };
  const filled = stages.map((stage: unknown, index) => {
    const batching = isObject(stage) ? stage['batching'] : undefined;
    if (!isObject(stage) || !isObject(batching) || batching['kind'] !== 'listed' || batching['sha256'] !== undefined)
      return stage;
    if (locations.batches === undefined)
      throw invalid('locations.batches', undefined, 'a file with the listed batches');
    stagesToFill.push(index);
    return { ...stage, batching: { ...batching, sha256: listedWithoutHash } };
  });
  return { stages: filled, stagesToFill };
}

/**
 * Reads the JSON value of an experiment file.
 * @throws experiment-invalid with the path of the field that is wrong.
 */
export function parseExperimentFile(json: unknown): ExperimentFile {
  if (!isObject(json)) throw invalid('', json, 'an object');
  const { locations: given, model, ...rest } = json;
  const locations = checked(locationsSchema, given ?? {}, 'locations');
  const complete = withDefaults({ ...rest, model: null, data: entriesWithHash(rest['data'] ?? []) });
  const { stages, stagesToFill } = stagesWithHash(complete['stages'], locations);
  const experiment = checked(experimentSchema, { ...complete, stages });
  return {
    experiment,
    model: model === undefined || model === null ? null : checked(partialModelSchema, model, 'model'),
    stagesToFill,
    locations,
  };
}

/** What the files turned out to be. */
export interface ReadFiles {
  data: DataEntry[];
  model: NonNullable<Experiment['model']>;
  /** SHA-256 of the batch list of `locations.batches`. */
  batchesSha256?: string;
}

/** The experiment that really runs: hashes of the files in place of their locations. */
export function fillExperiment(file: ExperimentFile, read: ReadFiles): Experiment {
  const stages = file.experiment.stages.map((stage, index) =>
    file.stagesToFill.includes(index) && read.batchesSha256 !== undefined
      ? { ...stage, batching: { kind: 'listed' as const, sha256: read.batchesSha256 } }
      : stage,
  );
  return checked(experimentSchema, {
    ...file.experiment,
    data: read.data,
    model: { ...read.model, ...file.model },
    stages,
  });
}
