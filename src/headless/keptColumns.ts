import type { Experiment } from '../domain/experiment';
import type { KeptSummary, KeptValues } from '../domain/records';
import { entryOf, slotNames, type SlotName } from '../domain/import/slots';
import { gateway } from '../state/gateway';

/** The kept columns of one data set: their hash and counts, and the values of each row that has any, by row id. */
interface KeptRows extends KeptSummary {
  rows: Record<string, KeptValues>;
}

/** The same as the number of rows per block in storage. */
const rowsPerPage = 1000;

async function keptRows(contentSha256: string, count: number): Promise<Record<string, KeptValues>> {
  const found = new Map<string, KeptValues>();
  for (let from = 0; from < count; from += rowsPerPage)
    for (const { id, kept } of await gateway.readRows(contentSha256, from, rowsPerPage)) if (kept) found.set(id, kept);
  return Object.fromEntries(found);
}

/** Returns the kept columns of the experiment's data sets by slot. Data sets without any are left out. */
export async function keptColumns(experiment: Experiment): Promise<Partial<Record<SlotName, KeptRows>>> {
  const found: Partial<Record<SlotName, KeptRows>> = {};
  for (const slot of slotNames) {
    const { contentSha256 } = entryOf(experiment, slot) ?? {};
    const dataset = contentSha256 === undefined ? undefined : await gateway.getDataset(contentSha256);
    if (dataset?.kept) found[slot] = { ...dataset.kept, rows: await keptRows(dataset.contentSha256, dataset.rows) };
  }
  return found;
}
