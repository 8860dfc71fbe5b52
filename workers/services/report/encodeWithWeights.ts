import { AppError } from '../../../src/domain/errors';
import { parseKernelPlan, type KernelPlan } from '../../../src/domain/kernelPlan';
import { withPrefixRows } from '../../../src/domain/train/prefix';
import type { Stage } from '../../../src/domain/experiment';
import type { Pooling } from '../../../src/domain/model';
import type { DevicePreference } from '../../../src/domain/device';
import type { GpuApi } from '../../../src/protocol/gpuApi';
import { keptCheckpoint } from '../../../src/storage/checkpoints';
import type { Database } from '../../../src/storage/database';
import type { StoredWeights } from '../../../src/storage/weightReader';
import { getModel } from '../../../src/storage/models';
import { getRun } from '../../../src/storage/runs';
import { closeDevice, deviceEngine, openDevice } from '../device/openDevice';
import { webGpuOf } from '../../engine/gpu/webGpuOf';
import { encodeBatch } from '../../engine/model/encode';
import { canUseKernelPlan } from '../device/kernelPlanOfRun';
import { loadWeights } from '../train/weightTransfer';

type Source = Parameters<GpuApi['encodeTexts']>[0];

interface Weights {
  modelSha256: string;
  /** Stored weights to encode with; null for the base model's own. */
  stored: StoredWeights | null;
  pooling: Pooling;
  normalize: boolean;
  device: DevicePreference;
  plan: KernelPlan | null;
  /** The stages of the run that trained the weights. */
  stages: readonly Stage[];
}

async function weightsOf(db: Database, source: Source): Promise<Weights> {
  if (!('runId' in source)) return { ...source, stored: null, device: 'auto', plan: null, stages: [] };
  const run = await getRun(db, source.runId);
  if (!run?.experiment.model) throw new AppError({ kind: 'not-found', what: 'run', id: source.runId });
  const { contentSha256, pooling, normalize } = run.experiment.model;
  const kept = await keptCheckpoint(db, source.runId);
  const plan = parseKernelPlan(run.kernelPlan);
  return {
    modelSha256: contentSha256,
    stored: kept.weights,
    pooling,
    normalize,
    device: run.devicePreference,
    plan,
    stages: run.experiment.stages,
  };
}

/** Encodes a few texts, one per batch. An export is checked against these vectors. */
export async function encodeWithWeights(
  db: Database,
  source: Source,
  tokenIds: number[][],
  wasmBaseUrl: string,
): Promise<Float32Array[]> {
  const weights = await weightsOf(db, source);
  const base = await getModel(db, weights.modelSha256);
  if (!base) throw new AppError({ kind: 'model-missing', contentSha256: weights.modelSha256 });
  const model = withPrefixRows(base, weights.stages);
  const device = await openDevice(weights.device, wasmBaseUrl);
  try {
    const engine = deviceEngine();
    const gpu = webGpuOf(engine);
    if (gpu && weights.plan && canUseKernelPlan(weights.plan, device, gpu)) gpu.plan = weights.plan;
    const parameters = await loadWeights(engine, db, model, weights.stored ?? model, () => undefined);
    const vectors: Float32Array[] = [];
    for (const ids of tokenIds) {
      const batch = { ids: Int32Array.from(ids), offsets: Uint32Array.of(0, ids.length) };
      vectors.push(await encodeBatch(parameters, model.config, batch, weights));
    }
    return vectors;
  } finally {
    closeDevice(); // frees the weights too
  }
}
