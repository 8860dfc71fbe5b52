import * as v from 'valibot';
import { canonicalJson } from '../canonicalJson';
import { AppError, type AppErrorDetails } from '../errors';
import { own } from '../errorWords';
import type { Experiment } from '../experiment';
import { isObject } from '../isObject';
import { experimentInvalid, parseExperiment } from '../parseExperiment';
import { lossRefusalOf } from '../train/runRefusal';

/** The settings that a sweep can vary: the seed, the list of stages, or a setting of one stage. */
const sweepSettings = ['seed', 'stages', 'strategy', 'learningRate', 'temperature', 'batchSize', 'negatives'] as const;
export type SweepSetting = (typeof sweepSettings)[number];

/** A setting of a sweep with its values, as an experiment file states them. Without negatives, a value is null. */
export interface SweepAxis {
  setting: SweepSetting;
  /** Index of the stage, for a setting of one stage. Absent means the first one. */
  stage?: number;
  values: unknown[];
}

/** Maximum number of runs in a sweep. A longer queue is usually a mistake, such as one setting too many. */
export const mostRuns = 64;

/** A sweep of an experiment. Its runs are those with its id; a run that is done is not repeated. */
export interface Sweep {
  sweepId: string;
  /** The experiment when the sweep was started. Later changes of its settings do not change the sweep. */
  experiment: Experiment;
  axes: SweepAxis[];
  createdAt: number;
}

/** One run of a sweep: a value of each axis, in the order of the axes, and the experiment with these values. */
export interface SweepPoint {
  values: unknown[];
  experiment: Experiment;
}

type Loose = Record<string, unknown>;

function withStageSetting(stage: Loose, setting: SweepSetting, value: unknown): Loose {
  const changed = (part: string, field: string): Loose => {
    const given = stage[part];
    return { ...stage, [part]: { ...(isObject(given) ? given : {}), [field]: value } };
  };
  switch (setting) {
    case 'temperature':
      return changed('loss', 'temperature');
    case 'learningRate':
      return changed('optimizer', 'learningRate');
    case 'batchSize':
      return changed('batching', 'batchSize');
    case 'negatives': {
      const { negatives: _, ...rest } = stage;
      return value === null ? rest : { ...rest, negatives: value };
    }
    default:
      return { ...stage, [setting]: value };
  }
}

/**
 * Returns the experiment with this value on an axis. Throws `experiment-invalid` if the setting can't have the value.
 */
function withValue(experiment: Experiment, { setting, stage: index = 0 }: SweepAxis, value: unknown): Experiment {
  if (setting === 'seed' || setting === 'stages') return parseExperiment({ ...experiment, [setting]: value });
  const stages = experiment.stages.map((stage, i) => (i === index ? withStageSetting(stage, setting, value) : stage));
  return parseExperiment({ ...experiment, stages });
}

/**
 * Returns the axes in the order in which to apply them. A list of stages comes first, because other axes change one of
 * its stages.
 */
function inOrder(axes: readonly SweepAxis[]): { axis: SweepAxis; place: number }[] {
  const placed = axes.map((axis, place) => ({ axis, place }));
  return placed.sort((a, b) => Number(b.axis.setting === 'stages') - Number(a.axis.setting === 'stages'));
}

/** Returns the number of runs of a sweep. */
export function runCount(axes: readonly SweepAxis[]): number {
  return axes.reduce((runs, { values }) => runs * values.length, 1);
}

/** Returns the runs of a sweep: each combination of values, the last axis varying fastest. */
export function sweepPoints(experiment: Experiment, axes: readonly SweepAxis[]): SweepPoint[] {
  let combinations: unknown[][] = [[]];
  for (const { values } of axes) combinations = combinations.flatMap((one) => values.map((value) => [...one, value]));
  const order = inOrder(axes);
  return combinations.map((values) => ({
    values,
    experiment: order.reduce((one, { axis, place }) => withValue(one, axis, values[place]), experiment),
  }));
}

const axisSchema = v.strictObject({
  setting: v.picklist(sweepSettings),
  stage: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(15))),
  values: v.pipe(v.array(v.unknown()), v.minLength(1), v.maxLength(mostRuns)),
});

function parseAxis(given: unknown, place: string): SweepAxis {
  if (!isObject(given)) throw experimentInvalid(place, given, own('object'));
  const { setting, values, stage } = given;
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(axisSchema.entries, name));
  if (unknown !== undefined) throw experimentInvalid(`${place}.${unknown}`, given[unknown], own('no-such-field'));
  if (!v.is(axisSchema.entries.setting, setting))
    throw experimentInvalid(`${place}.setting`, setting, [...sweepSettings]);
  if (!v.is(axisSchema.entries.values, values))
    throw experimentInvalid(`${place}.values`, values, own('list-of', 1, mostRuns));
  if (!v.is(axisSchema.entries.stage, stage))
    throw experimentInvalid(`${place}.stage`, stage, own('integer-from-to', 0, 15));
  return { setting, values, ...(stage === undefined ? {} : { stage }) };
}

function refuseRepeated(values: readonly unknown[], place: (i: number) => string): void {
  const texts = values.map((value) => canonicalJson(value ?? null));
  const twice = texts.findIndex((text, i) => texts.indexOf(text) !== i);
  if (twice >= 0) throw experimentInvalid(place(twice), values[twice], own('different-values'));
}

/**
 * Tries each value of an axis in each of the experiments. Throws `experiment-invalid` with the path of a value that the
 * setting can't have.
 */
function refuseWrongValues(experiments: readonly Experiment[], axis: SweepAxis, place: string): void {
  axis.values.forEach((value, i) => {
    try {
      for (const experiment of experiments) withValue(experiment, axis, value);
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.details.kind !== 'experiment-invalid') throw thrown;
      throw new AppError({ ...thrown.details, path: `${place}.values.${i}` });
    }
  });
}

/**
 * Parses the axes of a sweep of an experiment.
 * @throws experiment-invalid with the path of an unknown setting, an empty list, a value that the setting can't have,
 * or `sweep` if there are more than `mostRuns` runs or two runs are the same.
 */
export function parseAxes(given: unknown, experiment: Experiment): SweepAxis[] {
  if (!Array.isArray(given) || given.length === 0 || given.length > sweepSettings.length)
    throw experimentInvalid('sweep', given, own('list-of', 1, sweepSettings.length));
  const axes = given.map((one: unknown, i) => parseAxis(one, `sweep.${i}`));
  refuseRepeated(
    axes.map(({ setting, stage = 0 }) => `${setting} ${stage}`),
    (i) => `sweep.${i}.setting`,
  );
  const lists = axes.findIndex(({ setting }) => setting === 'stages');
  const stages = lists >= 0 ? Infinity : experiment.stages.length;
  axes.forEach((axis, i) => {
    if ((axis.stage ?? 0) >= stages)
      throw experimentInvalid(`sweep.${i}.stage`, axis.stage, own('integer-from-to', 0, stages - 1));
    refuseRepeated(axis.values, (j) => `sweep.${i}.values.${j}`);
  });
  const list = axes[lists];
  if (list) refuseWrongValues([experiment], list, `sweep.${lists}`);
  // If stages are listed, the other settings change a stage of these lists instead of the experiment's.
  const bases = list ? list.values.map((value) => withValue(experiment, list, value)) : [experiment];
  axes.forEach((axis, i) => {
    if (axis !== list) refuseWrongValues(bases, axis, `sweep.${i}`);
  });
  const runs = runCount(axes);
  if (runs > mostRuns)
    throw new AppError({
      kind: 'experiment-invalid',
      path: 'sweep',
      found: own('runs', runs),
      expected: own('at-most', mostRuns),
    });
  refuseRepeated(
    sweepPoints(experiment, axes).map((point) => point.experiment),
    () => 'sweep',
  );
  return axes;
}

/**
 * Returns why a run of a sweep can't start, or null. A sweep over losses or negatives may combine a loss with negatives
 * that it cannot use.
 */
export function sweepRefusal(experiment: Experiment, axes: readonly SweepAxis[]): AppErrorDetails | null {
  for (const point of sweepPoints(experiment, axes)) {
    const refusal = lossRefusalOf(point.experiment, null);
    if (refusal) return refusal;
  }
  return null;
}
