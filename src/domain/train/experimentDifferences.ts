import { canonicalJson } from '../canonicalJson';
import type { Experiment } from '../experiment';
import { slotOf } from '../import/slots';
import { isObject } from '../isObject';
import { isOtherKind } from '../parseExperiment';

/** A setting in which two experiments differ. A value is undefined if the experiment does not state it. */
export interface SettingDifference {
  /** Dotted path of the setting. A data set is named by its slot, as in `data.pairs.contentSha256`. */
  path: string;
  values: [unknown, unknown];
}

type JsonObject = Record<string, unknown>;

/**
 * Returns the experiment with its data sets and stages keyed by name instead of in lists, so that matching ones are
 * compared.
 */
function byPlace({ schemaVersion: _, data, stages, ...rest }: Experiment): JsonObject {
  return {
    ...rest,
    stages: Object.fromEntries(stages.entries()),
    data: Object.fromEntries(data.map((entry, i) => [slotOf(entry) ?? `${entry.role}.${i}`, entry])),
  };
}

/** Whether two objects are of the same kind, so that their fields can be compared one by one. */
function areAlike(first: JsonObject, second: JsonObject): boolean {
  return !isOtherKind(first, second) && first['from'] === second['from'];
}

/** Whether an object is a number with a unit. Its number alone says nothing, so the object is compared as a whole. */
const isMeasure = (value: JsonObject): boolean => 'unit' in value;

function compare(path: string, first: unknown, second: unknown, found: SettingDifference[]): void {
  if (canonicalJson(first ?? null) === canonicalJson(second ?? null)) return;
  if (!isObject(first) || !isObject(second) || !areAlike(first, second) || isMeasure(first)) {
    found.push({ path, values: [first, second] });
    return;
  }
  const names = new Set([...Object.keys(first), ...Object.keys(second)]);
  for (const name of names) compare(path === '' ? name : `${path}.${name}`, first[name], second[name], found);
}

/**
 * Returns the settings in which two experiments differ, in the order of the first. A part of another kind, such as
 * another strategy, counts as one difference; so does a stage that only one of them has.
 */
export function experimentDifferences(first: Experiment, second: Experiment): SettingDifference[] {
  const found: SettingDifference[] = [];
  compare('', byPlace(first), byPlace(second), found);
  return found;
}
