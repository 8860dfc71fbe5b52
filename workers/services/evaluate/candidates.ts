import { canonicalJson } from '../../../src/domain/canonicalJson';
import { blendRefusal } from '../../../src/domain/evaluate/blend';
import type { DenseCandidate, EngineCandidate } from '../../../src/domain/evaluate/candidate';
import { AppError, toAppError } from '../../../src/domain/errors';
import type { ExperimentModel, Stage } from '../../../src/domain/experiment';
import { sha256Hex } from '../../../src/domain/hash';
import type { StoredModel } from '../../../src/domain/model';
import type { OnnxModel } from '../../../src/domain/onnxModel';
import type { RunRecord } from '../../../src/domain/run';
import { withPrefixRows } from '../../../src/domain/train/prefix';
import { readableWeights, runCheckpoints } from '../../../src/storage/checkpoints';
import type { Database } from '../../../src/storage/database';
import { getModel } from '../../../src/storage/models';
import { getOnnxModel } from '../../../src/storage/onnxModels';
import { getRun } from '../../../src/storage/runs';
import type { StoredWeights } from '../../../src/storage/weightReader';
import type { Engine } from '../../engine/engine';
import type { ParameterStore } from '../../engine/model/parameterStore';
import { loadBlend } from './blendedWeights';

/** A model that is ready to be loaded into the engine. */
export interface OpenCandidate {
  model: StoredModel;
  settings: ExperimentModel;
  /** The stored weights. Those of a blend are the tuned ones. */
  weights: StoredWeights;
  /** Share of these weights in a blend with the base model's; 1 for no blend. */
  ratio: number;
  /** SHA-256 that identifies the weights. */
  weightsSha256: string;
  /** The stages that trained the weights; a prefix of theirs comes before texts. */
  stages: readonly Stage[];
}

/** A model that is ready to be loaded into transformers.js. */
export interface OpenOnnx {
  onnx: OnnxModel;
  settings: ExperimentModel;
}

async function openRun(db: Database, run: RunRecord, which: 'kept' | 'last'): Promise<OpenCandidate> {
  const { runId, experiment } = run;
  const { model: settings, stages } = experiment;
  if (!settings) throw new AppError({ kind: 'model-missing' });
  const model = withPrefixRows(await storedModel(db, settings.contentSha256), stages);
  const checkpoint = (await runCheckpoints(db, runId))[which];
  const weights = await readableWeights(db, checkpoint);
  return { model, settings, weights, ratio: 1, weightsSha256: checkpoint.sha256, stages };
}

/**
 * Finds the model and the weights of a candidate.
 * @throws model-missing or not-found if they were deleted; blend-has-prefix.
 */
export async function openCandidate(db: Database, candidate: EngineCandidate): Promise<OpenCandidate> {
  if (candidate.kind === 'base') {
    const { model: settings } = candidate;
    const model = await storedModel(db, settings.contentSha256);
    return { model, settings, weights: model, ratio: 1, weightsSha256: model.contentSha256, stages: [] };
  }
  const run = await getRun(db, candidate.runId);
  if (!run) throw new AppError({ kind: 'not-found', what: 'run', id: candidate.runId });
  if (candidate.kind === 'run') return openRun(db, run, candidate.weights);
  const refusal = blendRefusal(run);
  if (refusal) throw new AppError(refusal);
  const { ratio } = candidate;
  const kept = await openRun(db, run, 'kept');
  const blend = canonicalJson({ base: kept.model.contentSha256, tuned: kept.weightsSha256, ratio });
  return { ...kept, ratio, weightsSha256: await sha256Hex(blend) };
}

/** Whether `openCandidate` or reading the weights failed because they are no longer there, or can't be blended. */
export function isGone(thrown: unknown): boolean {
  const { kind } = toAppError(thrown).details;
  return ['model-missing', 'not-found', 'blend-has-prefix', 'checkpoint-corrupt'].includes(kind);
}

/** Finds a model of the engine or of transformers.js. Throws like `openCandidate`. */
export async function openDense(db: Database, candidate: DenseCandidate): Promise<OpenCandidate | OpenOnnx> {
  if (candidate.kind !== 'onnx') return openCandidate(db, candidate);
  const { model: settings } = candidate;
  const { contentSha256 } = settings;
  const onnx = await getOnnxModel(db, contentSha256);
  if (!onnx) throw new AppError({ kind: 'model-missing', contentSha256 });
  return { onnx, settings };
}

/** Loads the weights of a candidate onto the device. */
export function loadCandidate(engine: Engine, db: Database, opened: OpenCandidate): Promise<ParameterStore> {
  return loadBlend(engine, db, opened.model, opened);
}

async function storedModel(db: Database, contentSha256: string): Promise<StoredModel> {
  const model = await getModel(db, contentSha256);
  if (!model) throw new AppError({ kind: 'model-missing', contentSha256 });
  return model;
}
