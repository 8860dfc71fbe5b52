import type { Experiment } from '../domain/experiment';
import { entryOf, slotNames, type SlotName } from '../domain/import/slots';
import type { StoredModel } from '../domain/model';
import type { Dataset } from '../domain/records';
import { gateway } from './gateway';

/** The stored data and model that an experiment refers to. Those that this browser lacks are absent. */
interface ReferencedRecords {
  datasets: Partial<Record<SlotName, Dataset>>;
  model: StoredModel | null;
}

export async function readReferences(experiment: Experiment | undefined): Promise<ReferencedRecords> {
  if (!experiment) return { datasets: {}, model: null };
  const datasets: ReferencedRecords['datasets'] = {};
  for (const slot of slotNames) {
    const entry = entryOf(experiment, slot);
    const dataset = entry ? await gateway.getDataset(entry.contentSha256) : undefined;
    if (dataset) datasets[slot] = dataset;
  }
  const model = experiment.model ? await gateway.getModel(experiment.model.contentSha256) : undefined;
  return { datasets, model: model ?? null };
}
