import { defaultExperiment, defaultStage, type Experiment } from '../experiment';
import { isObject, isOtherKind } from '../parseExperiment';

/** What `given` says otherwise than `standard`; undefined where they agree. Lists are taken as they are. */
function difference(given: unknown, standard: unknown): unknown {
  if (JSON.stringify(given) === JSON.stringify(standard)) return undefined;
  if (!isObject(given) || !isObject(standard) || isOtherKind(given, standard)) return given;
  const entries = Object.entries(given).map(([name, value]) => [name, difference(value, standard[name])] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** The experiment without what its version's defaults say anyway; `parseExperiment` makes it whole again. */
export function fromDefaults(experiment: Experiment): unknown {
  const { stages, ...rest } = experiment;
  const { stages: standardStages, ...standard } = defaultExperiment();
  const brief = difference(rest, standard) ?? {};
  const briefStages = stages.map((stage) => difference(stage, defaultStage()) ?? {});
  const sameStages = JSON.stringify(stages) === JSON.stringify(standardStages);
  return {
    schemaVersion: experiment.schemaVersion,
    ...(isObject(brief) ? brief : {}),
    ...(sameStages ? {} : { stages: briefStages }),
  };
}
