import type { Experiment } from '../experiment';
import { stageModels } from '../train/stageModels';

/** Content hashes of everything that experiments refer to. */
interface ReferencedContent {
  datasets: Set<string>;
  models: Set<string>;
  batchLists: Set<string>;
}

/** Returns a stored experiment, the one that its link states, and those of its sweeps: all may refer to content. */
export function experimentsIn(stored: {
  experiment: Experiment;
  linked?: Experiment;
  sweeps?: readonly { experiment: Experiment }[];
}): Experiment[] {
  const { experiment, linked, sweeps = [] } = stored;
  return [experiment, ...(linked ? [linked] : []), ...sweeps.map((sweep) => sweep.experiment)];
}

/** Returns content hashes of the data sets that a stored experiment names beside its experiments. */
export function datasetsBeside({ comparedPairs }: { comparedPairs?: string }): string[] {
  return comparedPairs === undefined ? [] : [comparedPairs];
}

export function referencesOf(experiments: Iterable<Experiment>): ReferencedContent {
  const found: ReferencedContent = { datasets: new Set(), models: new Set(), batchLists: new Set() };
  for (const { data, model, stages } of experiments) {
    for (const { contentSha256 } of data) found.datasets.add(contentSha256);
    if (model) found.models.add(model.contentSha256);
    for (const stage of stages) {
      if (stage.batching.kind === 'listed') found.batchLists.add(stage.batching.sha256);
      for (const named of stageModels(stage)) found.models.add(named.model.contentSha256);
    }
  }
  return found;
}
