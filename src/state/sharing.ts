import { decodeLink, encodeLink, type SharedExperiment } from '../domain/report/shareLink';
import type { Experiment } from '../domain/experiment';
import type { RunRecord } from '../domain/run';
import type { StoredExperiment } from '../storage/schema';
import { baseUrl, gateway } from './gateway';
import { demoHash } from '../domain/import/demoInputs';
import { inputNames, namedHash, type InputName } from '../domain/import/inputs';
import { stageModels, type StageModelSlot } from '../domain/train/stageModels';

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

/**
 * A data set or model that an experiment names. `demo`: it is not in this browser, but this page's demo contains it.
 */
export interface SharedInput {
  input: InputName | StageModelSlot;
  contentSha256: string;
  state: 'here' | 'demo' | 'missing';
  name: string | null;
}

export async function sharedInputs(experiment: Experiment): Promise<SharedInput[]> {
  const needs: SharedInput[] = [];
  for (const input of inputNames) {
    const contentSha256 = namedHash(experiment, input);
    if (contentSha256 === undefined) continue;
    const stored = await (input === 'model' ? gateway.getModel(contentSha256) : gateway.getDataset(contentSha256));
    const elsewhere = contentSha256 === demoHash(input) ? 'demo' : 'missing';
    needs.push({ input, contentSha256, state: stored ? 'here' : elsewhere, name: stored?.name ?? null });
  }
  return [...needs, ...(await sharedStageModels(experiment))];
}

/** Lists the models that stages name in addition to the base model, each once. */
async function sharedStageModels({ stages }: Experiment): Promise<SharedInput[]> {
  const needs: SharedInput[] = [];
  for (const { slot, model } of stages.flatMap(stageModels)) {
    const { contentSha256 } = model;
    if (needs.some((need) => need.input === slot && need.contentSha256 === contentSha256)) continue;
    const stored = await gateway.getModel(contentSha256);
    const elsewhere = contentSha256 === demoHash('model') ? 'demo' : 'missing';
    needs.push({ input: slot, contentSha256, state: stored ? 'here' : elsewhere, name: stored?.name ?? null });
  }
  return needs;
}
