import { locationsOf, parseFileLocations, type FileLocation } from './fileLocations';
import { slotNames, type SlotName } from './import/slots';
import { parseBlend, type BlendJob } from './evaluate/blendFile';
import { parseProbe, type ProbeJob } from './evaluate/probeFile';
import { own } from './errorWords';
import * as v from 'valibot';
import {
  entryWithoutHashSchema,
  experimentSchema,
  experimentModelSchema,
  withLowestVersion,
  type DataEntry,
  type Experiment,
} from './experiment';
import { hubLocation } from './import/hub';
import type { StoredModel } from './model';
import { experimentInvalid, parseExperiment, parseWith, refuseDeepFields, withDefaults } from './parseExperiment';
import { isObject } from './isObject';
import { objectAt, stageModelPaths, stageModelSlots, withValueAt, type StageModelSlot } from './train/stageModels';
import { parseAxes, type SweepAxis } from './sweep/sweep';
import { mapSweepModels } from './sweep/sweepModels';
import type { Dataset } from './records';

const location = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));
const locationsSchema = v.strictObject({
  ...v.entriesFromList(slotNames, v.optional(v.unknown())),
  /** The model's folder, or `hub:ID@REVISION`. */
  model: v.optional(location),
  /**
   * Locations of the models that stages name: the one that mines negatives, the guide that recognizes false negatives,
   * and the teacher.
   */
  ...v.entriesFromList(stageModelSlots, v.optional(location)),
  /** A JSON file with a listed batch order: one list of pair rows per step. */
  batches: v.optional(location),
  /** A file of the user's decisions about labels, as the page saves it. */
  labelDecisions: v.optional(location),
});

/** Data files and how to read them, the model's folder, and the files of a batch list and of label decisions. */
interface Locations extends Partial<Record<SlotName, FileLocation[]>>, Partial<Record<StageModelSlot, string>> {
  model?: string;
  batches?: string;
  labelDecisions?: string;
}

function parseLocations(value: unknown): Locations {
  const { model, batches, labelDecisions, ...given } = parseWith(locationsSchema, value, 'locations');
  const locations: Locations = {
    ...(model === undefined ? {} : { model }),
    ...(batches === undefined ? {} : { batches }),
    ...(labelDecisions === undefined ? {} : { labelDecisions }),
  };
  for (const slot of stageModelSlots) if (given[slot] !== undefined) locations[slot] = given[slot];
  for (const slot of slotNames) if (given[slot] !== undefined) locations[slot] = parseFileLocations(given[slot], slot);
  return locations;
}

/** Model settings given in the file. Missing ones are read from the model's folder. */
const partialModelSchema = v.partial(experimentModelSchema);
type PartialModel = v.InferOutput<typeof partialModelSchema>;

/** Placeholder for the hash of batch lists that have not been read yet. */
const listedWithoutHash = '0'.repeat(64);

/**
 * A parsed experiment file, the input of the headless runner: an experiment plus `locations`, which are paths relative
 * to the file and not part of the experiment's identity. Hashes of data and model may be missing; the runner fills them
 * in after reading the files.
 */
export interface ExperimentFile {
  /** Incomplete until the files are read: `data` holds only entries that have a hash, and `model` is null. */
  experiment: Experiment;
  model: PartialModel | null;
  /** Indexes of the stages that use the batch lists in `locations.batches` and have no hash yet. */
  stagesToFill: number[];
  /**
   * By place of the model and by stage: fields of the models that stages name, as the file states them. The others are
   * read from the model's folder.
   */
  stageModels: Record<StageModelSlot, Map<number, PartialModel>>;
  locations: Locations;
  /**
   * Whether titles are joined to the passages. Null if the file does not say; titles are then joined if there are any.
   */
  joinTitles: boolean | null;
  /**
   * The settings that the file's sweep varies. Null for a single run. Incomplete if values name models to be read from
   * a folder.
   */
  sweep: SweepAxis[] | null;
  /** The sweep as the file states it, and those models of its values whose folders are still to be read. */
  swept: { given: unknown; models: { slot: StageModelSlot; stated: PartialModel }[] };
  /** Set to compare several runs that differ in one setting. Not part of the identity, like `locations`. */
  compare: Comparing | null;
  /** Blends of base and tuned weights, evaluated or exported after the run. Not part of the identity either. */
  blend: BlendJob | null;
  /** Questions outside the field that are measured before and after the run. Not part of the identity either. */
  probe: ProbeJob | null;
}

const comparingSchema = v.picklist(['negatives']);
type Comparing = v.InferOutput<typeof comparingSchema>;

/** A file can have only one of these fields, because each changes which runs are made and what is exported. */
const alternatives = ['sweep', 'compare', 'blend'] as const;

/**
 * Throws `experiment-invalid` with the path of the second of the `alternatives` that the file has, or of a field that
 * only a single run uses.
 */
function refuseTwoKinds(json: Record<string, unknown>): void {
  const [first, second] = alternatives.filter((name) => json[name] !== undefined);
  if (first && second) throw experimentInvalid(second, json[second], own('nothing-beside', first));
  // Several runs are compared on dev, by the imported labels.
  const several = (['sweep', 'compare'] as const).find((name) => json[name] !== undefined);
  const { probe, locations } = json;
  if (several && probe !== undefined) throw experimentInvalid('probe', probe, own('nothing-beside', several));
  const labels = isObject(locations) ? locations['labelDecisions'] : undefined;
  if (several && labels !== undefined)
    throw experimentInvalid('locations.labelDecisions', labels, own('nothing-beside', several));
}

/**
 * Separates the data entries that have a hash from those that do not. The runner fills in the latter after reading the
 * files in `locations`. An entry without a hash may still state whether titles are joined.
 */
function separateEntries(data: unknown): { withHash: unknown; joinTitles: boolean | null } {
  if (!Array.isArray(data)) return { withHash: data, joinTitles: null };
  const hasHash = (entry: unknown): boolean => !isObject(entry) || entry['contentSha256'] !== undefined;
  let joinTitles: boolean | null = null;
  for (const [index, given] of data.entries()) {
    if (hasHash(given)) continue;
    const entry = parseWith(entryWithoutHashSchema, given, `data.${index}`);
    if (entry.role === 'knowledgeBase') joinTitles = entry.joinTitles ?? null;
  }
  return { withHash: data.filter(hasHash), joinTitles };
}

function stagesWithHash(stages: unknown, locations: Locations): { stages: unknown; stagesToFill: number[] } {
  const stagesToFill: number[] = [];
  if (!Array.isArray(stages)) return { stages, stagesToFill };
  const filled = stages.map((stage: unknown, index) => {
    const batching = isObject(stage) ? stage['batching'] : undefined;
    if (!isObject(stage) || !isObject(batching) || batching['kind'] !== 'listed' || batching['sha256'] !== undefined)
      return stage;
    if (locations.batches === undefined)
      throw experimentInvalid('locations.batches', undefined, own('batch-list-file'));
    stagesToFill.push(index);
    return { ...stage, batching: { ...batching, sha256: listedWithoutHash } };
  });
  return { stages: filled, stagesToFill };
}

/** Separates the models whose folders are still to be read from the stages that name them. */
function stagesWithoutModels(
  given: unknown,
  locations: Locations,
): { stages: unknown; stageModels: ExperimentFile['stageModels'] } {
  const stageModels: ExperimentFile['stageModels'] = {
    negativesModel: new Map(),
    guideModel: new Map(),
    teacherModel: new Map(),
  };
  if (!Array.isArray(given)) return { stages: given, stageModels };
  const stages = given.map((stage: unknown, index) =>
    stageModelSlots.reduce((rest, slot) => {
      const path = stageModelPaths[slot];
      const model = locations[slot] === undefined ? undefined : objectAt(rest, path);
      if (!model) return rest;
      stageModels[slot].set(index, parseWith(partialModelSchema, model, `stages.${index}.${path.join('.')}`));
      return withValueAt(rest, path, undefined);
    }, stage),
  );
  return { stages, stageModels };
}

/** Placeholder for a model named in a sweep, until its folder has been read. */
const unreadModel = { contentSha256: listedWithoutHash, pooling: 'mean', normalize: true, maxTokens: 3 } as const;

/** Parses the sweep of a file. Models that values name get a stand-in if their folder is to be read. */
function parseSweep(
  given: unknown,
  locations: Locations,
  experiment: Experiment,
): Pick<ExperimentFile, 'sweep' | 'swept'> {
  const models: ExperimentFile['swept']['models'] = [];
  if (given === undefined) return { sweep: null, swept: { given, models } };
  const withStandIns = mapSweepModels(given, (model, slot, path) => {
    if (locations[slot] === undefined) return model;
    const stated = parseWith(partialModelSchema, model, path);
    models.push({ slot, stated });
    return { ...unreadModel, ...stated };
  });
  return { sweep: parseAxes(withStandIns, experiment), swept: { given, models } };
}

/**
 * Parses the JSON value of an experiment file.
 * @throws experiment-invalid with the path of the wrong field.
 */
export function parseExperimentFile(json: unknown): ExperimentFile {
  if (!isObject(json)) throw experimentInvalid('', json, own('object'));
  refuseDeepFields(json);
  refuseTwoKinds(json);
  const { locations: given, compare, sweep, blend, probe, model, ...rest } = json;
  const locations = parseLocations(given ?? {});
  const { withHash, joinTitles } = separateEntries(rest['data'] ?? []);
  const { stages: withoutModels, stageModels } = stagesWithoutModels(rest['stages'], locations);
  const complete = withDefaults({
    ...rest,
    model: null,
    data: withHash,
    ...(withoutModels === undefined ? {} : { stages: withoutModels }),
  });
  const { stages, stagesToFill } = stagesWithHash(complete['stages'], locations);
  const experiment = withLowestVersion(parseWith(experimentSchema, { ...complete, stages }));
  return {
    experiment,
    model: model === undefined || model === null ? null : parseWith(partialModelSchema, model, 'model'),
    stagesToFill,
    stageModels,
    locations,
    joinTitles,
    ...parseSweep(sweep, locations, experiment),
    compare: compare === undefined ? null : parseWith(comparingSchema, compare, 'compare'),
    blend: blend === undefined ? null : parseBlend(blend),
    probe: probe === undefined ? null : parseProbe(probe),
  };
}

/**
 * Returns the content of an experiment file. It says which files the data sets were read from, if known, and where the
 * model can be fetched again if it came from a hub.
 */
export function experimentFileOf(
  experiment: Experiment,
  model: Pick<StoredModel, 'hub'> | null,
  datasets: Partial<Record<SlotName, Dataset>> = {},
): object {
  const location = model?.hub ? hubLocation(model.hub) : null;
  const locations = { ...locationsOf(datasets), ...(location === null ? {} : { model: location }) };
  const stated = withLowestVersion(experiment);
  return Object.keys(locations).length > 0 ? { ...stated, locations } : stated;
}

/** Hashes and model settings found by reading the files in `locations`. */
interface ReadFiles {
  data: DataEntry[];
  model: NonNullable<Experiment['model']>;
  /** The models in `locations` that stages name. */
  stageModels?: Partial<Record<StageModelSlot, NonNullable<Experiment['model']>>>;
  /** SHA-256 of the batch lists in `locations.batches`. */
  batchesSha256?: string;
}

/** Returns the complete experiment, with the hashes of the files in place of their locations. */
export function fillExperiment(file: ExperimentFile, read: ReadFiles): Experiment {
  const listed = file.experiment.stages.map((stage, index) =>
    file.stagesToFill.includes(index) && read.batchesSha256 !== undefined
      ? { ...stage, batching: { kind: 'listed' as const, sha256: read.batchesSha256 } }
      : stage,
  );
  const stages = listed.map((stage, index) =>
    stageModelSlots.reduce<unknown>((filled, slot) => {
      const [stated, model] = [file.stageModels[slot].get(index), read.stageModels?.[slot]];
      return stated && model ? withValueAt(filled, stageModelPaths[slot], { ...model, ...stated }) : filled;
    }, stage),
  );
  return parseExperiment({
    ...file.experiment,
    data: read.data,
    model: { ...read.model, ...file.model },
    stages,
  });
}

/** Returns the axes of the file's sweep for the complete experiment, with the models read from their folders. */
export function fillSweep(
  { sweep, swept }: ExperimentFile,
  experiment: Experiment,
  read: ReadFiles,
): SweepAxis[] | null {
  if (!sweep || swept.models.length === 0) return sweep;
  const filled = mapSweepModels(swept.given, (model, slot, path) => {
    const known = read.stageModels?.[slot];
    return known ? { ...known, ...parseWith(partialModelSchema, model, path) } : model;
  });
  return parseAxes(filled, experiment);
}
