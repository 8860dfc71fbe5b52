import { decodeLink, encodeLink, type SharedExperiment } from '../domain/report/shareLink';
import type { Experiment } from '../domain/experiment';
import type { RunRecord } from '../domain/run';
import type { StoredExperiment } from '../storage/schema';
import { baseUrl, gateway } from './gateway';
import { slotOf, type SlotName } from '../domain/import/slots';

export type { SharedExperiment };

/** Returns the link to an experiment. If a run is given, its metrics are included as the sender's claim. */
export async function makeLink(stored: StoredExperiment, run: RunRecord | null): Promise<string> {
  const before = run ? await gateway.getEvaluation(run.runId, 'test', 'before') : undefined;
  const after = run ? await gateway.getEvaluation(run.runId, 'test', 'after') : undefined;
  const claim = before && after ? { before: before.metrics, after: after.metrics } : undefined;
  const payload = await encodeLink({ experiment: stored.experiment, name: stored.name, claim });
  return `${baseUrl}#/link/${payload}`;
}

export function readLink(payload: string): Promise<SharedExperiment> {
  return decodeLink(payload);
}

/** A data set or model that an experiment refers to, and whether this browser has it. */
export interface Need {
  what: SlotName | 'model';
  contentSha256: string;
  here: boolean;
  name: string | null;
}

export async function needsOf(experiment: Experiment): Promise<Need[]> {
  const needs: Need[] = [];
  for (const entry of experiment.data) {
    const slot = slotOf(entry);
    if (!slot) continue;
    const dataset = await gateway.getDataset(entry.contentSha256);
    needs.push({
      what: slot,
      contentSha256: entry.contentSha256,
      here: dataset !== undefined,
      name: dataset?.name ?? null,
    });
  }
  if (experiment.model) {
    const model = await gateway.getModel(experiment.model.contentSha256);
    needs.push({
      what: 'model',
      contentSha256: experiment.model.contentSha256,
      here: model !== undefined,
      name: model?.name ?? null,
    });
  }
  return needs;
}
