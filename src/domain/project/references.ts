import type { Experiment } from '../experiment';

/** Content hashes of everything that experiments refer to. */
interface ReferencedContent {
  datasets: Set<string>;
  models: Set<string>;
  batchLists: Set<string>;
}

export function referencesOf(experiments: Iterable<Experiment>): ReferencedContent {
  const found: ReferencedContent = { datasets: new Set(), models: new Set(), batchLists: new Set() };
  for (const { data, model, stages } of experiments) {
    for (const { contentSha256 } of data) found.datasets.add(contentSha256);
    if (model) found.models.add(model.contentSha256);
    for (const { batching } of stages) if (batching.kind === 'listed') found.batchLists.add(batching.sha256);
  }
  return found;
}
