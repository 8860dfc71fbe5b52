import { defaultExperiment, defaultStage, withLowestVersion, type Experiment } from '../experiment';
import { isOtherKind } from '../parseExperiment';
import { isObject } from '../isObject';

/**
 * Returns the parts of `given` that differ from `standard`, or undefined if there are none. Keeps a changed list whole.
 */
function difference(given: unknown, standard: unknown): unknown {
  if (JSON.stringify(given) === JSON.stringify(standard)) return undefined;
  if (!isObject(given) || !isObject(standard) || isOtherKind(given, standard)) return given;
  const entries = Object.entries(given).map(([name, value]) => [name, difference(value, standard[name])] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Returns the experiment without the values that equal the defaults. `parseExperiment` restores them. */
export function changesFromDefaults(experiment: Experiment): unknown {
  const { stages, ...rest } = experiment;
  const { stages: standardStages, ...standard } = defaultExperiment();
  const brief = difference(rest, standard) ?? {};
  const briefStages = stages.map((stage) => difference(stage, defaultStage()) ?? {});
  const sameStages = JSON.stringify(stages) === JSON.stringify(standardStages);
  return {
    schemaVersion: withLowestVersion(experiment).schemaVersion,
    ...(isObject(brief) ? brief : {}),
    ...(sameStages ? {} : { stages: briefStages }),
  };
}
