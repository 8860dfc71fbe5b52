import { canonicalJson } from '../canonicalJson';
import type { Experiment } from '../experiment';
import { slotOf } from '../import/slots';
import { isObject } from '../isObject';
import { isOtherKind } from '../parseExperiment';

/** A setting in which two experiments differ. A value is undefined if the experiment does not state it. */
export interface SettingDifference {
  /** Dotted path of the setting; data sets are named by their slot, as in `data.pairs.contentSha256`. */
  path: string;
  values: [unknown, unknown];
}

type JsonObject = Record<string, unknown>;

/** Returns the experiment with its lists of data sets and stages as objects, so that their members are compared. */
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

/** Whether an object is a number with its unit, which says nothing without it. */
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
 * Returns the settings in which two experiments differ, in the order in which the first states them. A part of another
 * kind, such as another strategy, is one difference; so is a stage that only one of them has.
 */
export function experimentDifferences(first: Experiment, second: Experiment): SettingDifference[] {
  const found: SettingDifference[] = [];
  compare('', byPlace(first), byPlace(second), found);
  return found;
}
