import type { StoredModel } from '../domain/model';
import type { OnnxModel } from '../domain/onnxModel';
import type { TokenSet } from '../domain/tokenize/tokenSets';
import type { Dataset, Row } from '../domain/records';
import type { RunEvent, RunRecord } from '../domain/run';
import type { BlendPoint } from '../domain/evaluate/blend';
import type { SpeedResult } from '../domain/evaluate/speed';
import type { EvaluatedPart, Evaluation } from '../domain/evaluate/evaluation';
import type { DataApi } from '../protocol/dataApi';
import type { GpuApi } from '../protocol/gpuApi';
import { openDatabase } from '../storage/database';
import * as datasets from '../storage/datasets';
import * as deleted from '../storage/deletedExperiments';
import * as downloads from '../storage/downloads';
import * as evaluations from '../storage/evaluations';
import * as stored from '../storage/experiments';
import * as models from '../storage/models';
import * as onnxModels from '../storage/onnxModels';
import * as runEvents from '../storage/runEvents';
import * as runs from '../storage/runs';
import * as speeds from '../storage/speeds';
import type { StoredDownload, StoredExperiment } from '../storage/schema';
import * as tokenSets from '../storage/tokenSets';

/** URL of the page's folder, with a trailing slash. Workers load wasm, the demo and its model from this folder. */
export const baseUrl = new URL('.', document.baseURI).href;

/** The state classes reach storage and workers only through this object. A worker starts with the first call to it. */
export const gateway = {
  async data(): Promise<DataApi> {
    const { dataClient } = await import('../clients/dataClient');
    return dataClient();
  },
  async gpu(): Promise<GpuApi> {
    const { gpuClient } = await import('../clients/gpuClient');
    return gpuClient();
  },
  async listExperiments(): Promise<StoredExperiment[]> {
    return stored.listExperiments(await openDatabase());
  },
  async getExperiment(experimentId: string): Promise<StoredExperiment | undefined> {
    return stored.getExperiment(await openDatabase(), experimentId);
  },
  async putExperiment(experiment: StoredExperiment): Promise<void> {
    await stored.putExperiment(await openDatabase(), experiment);
  },
  async replaceExperiment(experiment: StoredExperiment, savedAt: number): Promise<StoredExperiment | null> {
    return stored.replaceExperiment(await openDatabase(), experiment, savedAt);
  },
  async deleteExperiment(experimentId: string): Promise<void> {
    await deleted.deleteExperiment(await openDatabase(), experimentId);
  },
  async purgeExperiment(experimentId: string): Promise<void> {
    await deleted.purgeExperiment(await openDatabase(), experimentId);
  },
  async restoreExperiment(experimentId: string): Promise<void> {
    await deleted.restoreExperiment(await openDatabase(), experimentId);
  },
  /** Lists the runs of an experiment, newest first. */
  async listRuns(experimentId: string): Promise<RunRecord[]> {
    return runs.listRuns(await openDatabase(), experimentId);
  },
  async getRun(runId: string): Promise<RunRecord | undefined> {
    return runs.getRun(await openDatabase(), runId);
  },
  async updateRun(runId: string, change: Partial<RunRecord>): Promise<void> {
    await runs.updateRun(await openDatabase(), runId, change);
  },
  async getSpeed(experimentId: string): Promise<SpeedResult | null> {
    return speeds.getSpeed(await openDatabase(), experimentId);
  },
  async readEvents(runId: string, fromSeq: number): Promise<RunEvent[]> {
    return runEvents.readEvents(await openDatabase(), runId, fromSeq);
  },
  async getDataset(contentSha256: string): Promise<Dataset | undefined> {
    return datasets.getDataset(await openDatabase(), contentSha256);
  },
  async readRows(contentSha256: string, offset: number, limit: number): Promise<Row[]> {
    return datasets.readRowsPage(await openDatabase(), contentSha256, offset, limit);
  },
  async getModel(contentSha256: string): Promise<StoredModel | undefined> {
    return models.getModel(await openDatabase(), contentSha256);
  },
  async getOnnxModel(contentSha256: string): Promise<OnnxModel | undefined> {
    return onnxModels.getOnnxModel(await openDatabase(), contentSha256);
  },
  async listModels(): Promise<StoredModel[]> {
    return models.listModels(await openDatabase());
  },
  async listDownloads(): Promise<StoredDownload[]> {
    return downloads.listDownloads(await openDatabase());
  },
  async getTokenSet(key: string): Promise<TokenSet | undefined> {
    return tokenSets.getTokenSet(await openDatabase(), key);
  },
  async getEvaluation(
    runId: string,
    part: EvaluatedPart,
    moment: Evaluation['moment'],
  ): Promise<Evaluation | undefined> {
    return evaluations.getEvaluation(await openDatabase(), runId, part, moment);
  },
  /** Returns how many models were compared on the experiment's test questions. */
  async countTestComparisons(experimentId: string): Promise<number> {
    return (await gateway.data()).countTestUses(experimentId);
  },
  async listBlends(runId: string, part: EvaluatedPart, probeSha256?: string): Promise<BlendPoint[]> {
    return evaluations.listBlends(await openDatabase(), runId, part, probeSha256);
  },
  /** Whether a worker in any tab holds the run's lock. */
  async isRunHeld(runId: string): Promise<boolean> {
    const { isRunHeld } = await import('../clients/runHeld');
    return isRunHeld(runId);
  },
};
