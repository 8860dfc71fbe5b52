import { AppError } from '../../../src/domain/errors';
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
import { onDevice } from '../device/onDevice';
import { encodeBatch } from '../../engine/model/encode';
import { useKernelPlan } from '../device/useKernelPlan';
import { loadBlend } from '../evaluate/blendedWeights';

type Source = Parameters<GpuApi['encodeTexts']>[0];

interface Weights {
  modelSha256: string;
  /** Stored weights to encode with; null for the base model's own. */
  stored: StoredWeights | null;
  pooling: Pooling;
  normalize: boolean;
  device: DevicePreference;
  /** The kernel plan of the run; empty for a base model. */
  kernelPlan: string;
  /** Share of the stored weights in a blend with the base model's own; 1 for no blend. */
  ratio: number;
  /** The stages of the run that trained the weights. */
  stages: readonly Stage[];
}

async function weightsOf(db: Database, source: Source): Promise<Weights> {
  if (!('runId' in source)) return { ...source, stored: null, device: 'auto', kernelPlan: '', ratio: 1, stages: [] };
  const run = await getRun(db, source.runId);
  if (!run?.experiment.model) throw new AppError({ kind: 'not-found', what: 'run', id: source.runId });
  const { contentSha256, pooling, normalize } = run.experiment.model;
  const kept = await keptCheckpoint(db, source.runId);
  return {
    modelSha256: contentSha256,
    stored: kept.weights,
    pooling,
    normalize,
    device: run.devicePreference,
    kernelPlan: run.kernelPlan,
    ratio: source.ratio ?? 1,
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
  return onDevice(weights.device, wasmBaseUrl, async (engine, device) => {
    useKernelPlan(weights, device);
    const { stored, ratio } = weights;
    const of = stored ? { weights: stored, ratio } : { weights: model, ratio: 1 };
    const parameters = await loadBlend(engine, db, model, of);
    const vectors: Float32Array[] = [];
    for (const ids of tokenIds) {
      const batch = { ids: Int32Array.from(ids), offsets: Uint32Array.of(0, ids.length) };
      vectors.push(await encodeBatch(parameters, model.config, batch, weights));
    }
    return vectors;
  });
}
