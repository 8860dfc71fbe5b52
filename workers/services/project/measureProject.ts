import type { ProjectContents, ProjectPart } from '../../../src/domain/project/contents';
import { projectJson } from '../../../src/domain/project/schemaFields';
import type { Database } from '../../../src/storage/database';
import { listExperiments } from '../../../src/storage/experiments';
import { minedBytes } from '../../../src/storage/minedNegatives';
import { minedOf } from './projectNegatives';
import { takeProjectSnapshot, usedExperiments, type RunSnapshot } from './projectSnapshot';
import { checkpointsToSave, isFinished, weightFloats } from './savedRun';

const utf8Bytes = (value: unknown): number => new TextEncoder().encode(projectJson(value)).length;

/** Returns the size of a data set as JSON, which is close to its size in storage. */
export async function datasetBytes(db: Database, contentSha256: string): Promise<number> {
  let bytes = 0;
  const range = IDBKeyRange.bound([contentSha256, 0], [contentSha256, Infinity]);
  for (const key of await db.getAllKeys('datasetBlocks', range)) bytes += utf8Bytes(await db.get('datasetBlocks', key));
  return bytes;
}

/** Lists the weights of a run by section, because sections with the same content are saved once. */
function weightsOfRun(run: RunSnapshot): ProjectPart[] {
  const parts: ProjectPart[] = [];
  const { runId } = run.record;
  const needed = new Set(checkpointsToSave(run, false)?.map(({ checkpoint }) => checkpoint.step));
  for (const { checkpoint, role } of checkpointsToSave(run, true) ?? []) {
    const bytes = weightFloats(checkpoint) * 4;
    const { step } = checkpoint;
    parts.push({ key: `${runId} ${step}`, bytes, optimizerState: !needed.has(step) });
    if (role === 'latest') parts.push({ key: `${runId} ${step} moments`, bytes: 2 * bytes, optimizerState: true });
  }
  return parts;
}

function partsOfRun(run: RunSnapshot): ProjectPart[] {
  const { record, events, evaluations } = run;
  const bytes = utf8Bytes([record, events, evaluations]);
  return [{ key: record.runId, bytes, optimizerState: !isFinished(run) }, ...weightsOfRun(run)];
}

/** Measures the contents of a project file for each experiment. */
export async function measureProject(db: Database): Promise<ProjectContents[]> {
  const sizes = new Map<string, number>();
  const all: ProjectContents[] = [];
  for (const { experimentId, name } of await listExperiments(db)) {
    const { experiments, runs, models, datasets, comparisons } = await takeProjectSnapshot(db, [experimentId]);
    const parts: ProjectPart[] = [{ key: experimentId, bytes: utf8Bytes(experiments), optimizerState: false }];
    parts.push({ key: `${experimentId} comparisons`, bytes: utf8Bytes(comparisons), optimizerState: false });
    for (const { contentSha256, weightsId, totalFloats, files, untrained } of models) {
      parts.push({ key: contentSha256, bytes: utf8Bytes(files), optimizerState: false });
      parts.push({ key: weightsId, bytes: totalFloats * 4, optimizerState: false });
      const others = untrained?.tensors.reduce((sum, { bytes }) => sum + bytes, 0) ?? 0;
      if (untrained) parts.push({ key: untrained.weightsId, bytes: others, optimizerState: false });
    }
    for (const { contentSha256 } of datasets) {
      const bytes = sizes.get(contentSha256) ?? (await datasetBytes(db, contentSha256));
      sizes.set(contentSha256, bytes);
      parts.push({ key: contentSha256, bytes, optimizerState: false });
    }
    for (const stored of await minedOf(db, usedExperiments({ experiments, runs })))
      parts.push({ key: stored.key, bytes: minedBytes(stored), optimizerState: false });
    for (const run of runs) for (const part of partsOfRun(run)) parts.push(part);
    const unfinished = runs.filter((run) => !isFinished(run)).length;
    all.push({ experimentId, name, runs: runs.length, unfinished, parts });
  }
  return all;
}
