import { defaultExperiment, defaultStage, experimentModelOf, type Experiment } from '../../../src/domain/experiment';
import { experimentHash } from '../../../src/domain/experimentHash';
import { sha256Hasher } from '../../../src/domain/hash';
import type { StoredModel } from '../../../src/domain/model';
import type { RunRecord } from '../../../src/domain/run';
import type { ChooseCopies } from '../../../src/protocol/dataApi';
import { writeCheckpoint } from '../../../src/storage/checkpoints';
import type { Database } from '../../../src/storage/database';
import { putEvaluation } from '../../../src/storage/evaluations';
import { putExperiment } from '../../../src/storage/experiments';
import { putModel } from '../../../src/storage/models';
import { appendEvents } from '../../../src/storage/runEvents';
import { addRun } from '../../../src/storage/runs';
import { WeightWriter } from '../../../src/storage/weights';
import { DatasetWriter } from '../../../workers/services/import/datasetWriter';
import { encoderLayout } from '../../../workers/services/import/encoderTensors';
import { readEncoderConfig } from '../../../workers/services/import/importModelConfig';
import { openProject } from '../../../workers/services/project/openProject';
import { saveProject } from '../../../workers/services/project/saveProject';
import { evaluationOf, runRecord, storedExperiment } from '../storage/support';

export const quiet = (): void => undefined;

const configText = JSON.stringify({
  model_type: 'bert',
  num_hidden_layers: 1,
  hidden_size: 4,
  num_attention_heads: 1,
  intermediate_size: 8,
  vocab_size: 5,
  max_position_embeddings: 8,
  type_vocab_size: 2,
  hidden_act: 'gelu',
});

/** Stores a model of a few hundred weights. */
export async function storeModel(db: Database, scale = 1): Promise<StoredModel> {
  const config = readEncoderConfig(configText);
  const layout = encoderLayout(config);
  const files = { 'config.json': configText, 'tokenizer.json': '{}' };
  const hasher = (await sha256Hasher()).update(configText).update('{}');
  const weightsId = `model-${scale}`;
  const values = new Float32Array(layout.totalFloats);
  for (const { offset, length } of layout.tensors) {
    values.set(
      Float32Array.from({ length }, (_, i) => (offset + i) * scale),
      offset,
    );
    hasher.update(values.subarray(offset, offset + length));
  }
  const writer = new WeightWriter(db, weightsId);
  await writer.write(values);
  await writer.finish();
  const guessed = false;
  const defaults = {
    pooling: { value: 'mean' as const, guessed },
    normalize: { value: true, guessed },
    maxTokens: { value: 8, guessed },
    queryPrefix: { value: '', guessed },
    passagePrefix: { value: '', guessed },
  };
  const base = { contentSha256: hasher.hex(), name: 'tiny', config, ...layout, weightsId, files, defaults };
  const model: StoredModel = { ...base, sourceDtype: 'F32', createdAt: 3 };
  await putModel(db, model);
  return model;
}

export async function storePassages(db: Database, count: number): Promise<string> {
  const writer = await DatasetWriter.open('knowledgeBase', 'kb');
  for (let i = 0; i < count; i++)
    writer.add({ id: String(i), text: `猪 ${i}`, kept: { topic: i % 2 === 0 ? '猪' : '病' } });
  return (await writer.finish(db)).contentSha256;
}

/** Stores scored pairs. Sets with another `letter` have other sentences. */
export async function storePairs(db: Database, count: number, letter = '甲'): Promise<string> {
  const writer = await DatasetWriter.open('scoredPairs', 'pairs.csv');
  for (let i = 0; i < count; i++)
    writer.add({ id: String(i), sentence1: `${letter} ${i}`, sentence2: `${letter} 乙 ${i}`, score: i / count });
  return (await writer.finish(db)).contentSha256;
}

interface RunOptions {
  /** Distinguishes the histories of two runs. */
  loss?: number;
  status?: RunRecord['status'];
  steps?: number[];
  /** Number of passages. */
  rows?: number;
  /** Decay of the average of the weights, if the run keeps one. */
  decay?: number;
}

/** Returns one section of a checkpoint per value. */
export function sections(floats: number, values: number[]): AsyncIterable<Float32Array>[] {
  return values.map(async function* (value) {
    yield Promise.resolve(new Float32Array(floats).fill(value));
  });
}

/** Stores a run as a worker would: events, checkpoints with the optimizer's moments, the best weights, evaluations. */
export async function storeRun(
  db: Database,
  runId: string,
  experimentId: string,
  { experiment, model }: Pick<Filled, 'experiment' | 'model'>,
  { loss = 1, status = 'done', steps = [1, 2], decay }: RunOptions = {},
): Promise<void> {
  const hash = await experimentHash(experiment);
  await addRun(db, runRecord(runId, experimentId, { experiment, experimentHash: hash, status }));
  const loopState = { bestDev: 0.5, bestStep: 1, elapsedMs: 10 };
  for (const step of steps) {
    const metrics = evaluationOf(runId).metrics;
    const rest = { epoch: 1, learningRate: 0.1, inBatchAccuracy: 1, positiveScore: 1, negativeScore: 0, tokens: 9 };
    const body = { type: 'step', step, stage: 0, loss: loss / step, ...rest, stepMs: 1, backendBytes: 1 } as const;
    await appendEvents(db, runId, [
      { at: step, body: { ...body, gradientNorm: step === 1 ? Infinity : NaN, skipped: true } },
      { at: step, body: { type: 'devEvaluation', step, metrics, best: step === 1 } },
    ]);
    const values = [loss * step, loss + step, loss - step, ...(decay === undefined ? [] : [decay])];
    const averaged = decay === undefined ? {} : ({ averaged: true } as const);
    const of = { runId, step, loopState };
    const weights = sections(model.totalFloats, values.slice(0, 1));
    if (step === 1) await writeCheckpoint(db, { ...of, role: 'best', sections: weights });
    await writeCheckpoint(db, { ...of, ...averaged, role: 'latest', sections: sections(model.totalFloats, values) });
  }
  await putEvaluation(db, evaluationOf(runId, loss / 10));
}

interface Filled {
  experiment: Experiment;
  model: StoredModel;
  dataset: string;
}

/** Stores one experiment with data, model, a batch list and a finished run. */
export async function fill(db: Database, experimentId = 'e', runId = 'r', run: RunOptions = {}): Promise<Filled> {
  const dataset = await storePassages(db, run.rows ?? 3);
  const model = await storeModel(db);
  const standard = defaultExperiment();
  const experiment: Experiment = {
    ...standard,
    data: [{ role: 'knowledgeBase', contentSha256: dataset }],
    model: experimentModelOf(model),
    stages: run.decay === undefined ? standard.stages : [{ ...defaultStage(), ema: { decay: run.decay } }],
  };
  const filled = { experiment, model, dataset };
  await putExperiment(db, storedExperiment(experimentId, { name: 'one', experiment, linked: experiment }));
  await storeRun(db, runId, experimentId, filled, run);
  return filled;
}

export async function saved(db: Database, optimizerState = true, experimentIds?: string[]): Promise<File> {
  const ids = experimentIds ?? (await db.getAllKeys('experiments'));
  const { zip, fileName } = await saveProject(db, 'test', { experimentIds: ids, optimizerState }, quiet);
  return new File([zip], fileName);
}

export const never: ChooseCopies = () => Promise.reject(new Error('asked'));
export const all: ChooseCopies = (conflicts) => Promise.resolve(conflicts.map(({ experimentId }) => experimentId));
export const none: ChooseCopies = () => Promise.resolve([]);

export const open = (db: Database, file: File, choose: ChooseCopies = never) => openProject(db, file, choose, quiet);

const stores = [
  'experiments',
  'datasets',
  'datasetBlocks',
  'models',
  'batchLists',
  'runs',
  'runEvents',
  'evaluations',
  'checkpoints',
] as const;

/** Returns the bytes stored under each weights id. */
export async function weightsIn(db: Database): Promise<Map<string, number[]>> {
  const bytes = new Map<string, number[]>();
  for (const part of await db.getAll('weightParts')) {
    const stored = part.bytes instanceof Blob ? await part.bytes.arrayBuffer() : part.bytes;
    bytes.set(part.weightsId, [...(bytes.get(part.weightsId) ?? []), ...new Uint8Array(stored)]);
  }
  return bytes;
}

/** Returns everything in storage, with weights in place of their ids, which differ between browsers. */
export async function contentsOf(db: Database): Promise<Record<string, unknown[]>> {
  const weights = await weightsIn(db);
  const rows: Record<string, unknown[]> = {};
  for (const store of stores)
    rows[store] = (await db.getAll(store)).map((row) => {
      if (!('weightsId' in row)) return row;
      // Sizes and hashes of parts depend on how the bytes are cut, which the file does not keep.
      const { weightsId, ...fields } = row;
      const { parts: _, ...rest } =
        'generation' in fields ? { parts: 0, ...fields, sha256: '' } : { parts: 0, ...fields };
      return { ...rest, weights: weights.get(weightsId) };
    });
  return rows;
}
