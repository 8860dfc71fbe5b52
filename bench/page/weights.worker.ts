/**
 * Times each way in which a model's weights move between files, storage and the device, with the app's own functions.
 */
import { expose } from 'comlink';
import { defaultExperiment } from '../../src/domain/experiment';
import type { EncoderConfig, StoredModel } from '../../src/domain/model';
import type { FolderFile } from '../../src/protocol/dataApi';
import { keptCheckpoint, takeCheckpointSnapshot, writeSnapshot } from '../../src/storage/checkpoints';
import { weightPartBytes } from '../../src/storage/weightReader';
import { openDatabase, type Database } from '../../src/storage/database';
import { putRun } from '../../src/storage/runs';
import { closeDevice, deviceEngine, openDevice } from '../../workers/services/device/openDevice';
import { AdamWState } from '../../workers/engine/model/adamWState';
import { parameterShapes } from '../../workers/engine/model/parameterShapes';
import type { ParameterStore } from '../../workers/engine/model/parameterStore';
import { writeSafetensors } from '../../workers/formats/safetensors';
import { collectFile } from '../../workers/formats/collectFile';
import { importModel } from '../../workers/services/import/importModel';
import { encodeWithWeights } from '../../workers/services/report/encodeWithWeights';
import { exportModel } from '../../workers/services/report/exportModel';
import { tokenIdsOf } from '../../workers/services/tokenize/tokenize';
import { loadWeights, trainingSections, weightsSha256 } from '../../workers/services/train/weightTransfer';

interface WeightsTask {
  config: EncoderConfig;
  engineBase: string;
  ortBase: string;
}

const runId = 'bench';
const quiet = (): void => undefined;
const sampleTexts = ['一二三四五六七八', '甲乙丙丁戊己庚辛壬癸'];

/** Returns random numbers from a linear congruential generator: Math.random would take most of the time. */
function randomValues(length: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(length);
  let state = length;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = (state / 2 ** 32 - 0.5) * 0.07;
  }
  return values;
}

/** Returns a model folder with random weights. */
async function modelFolder(config: EncoderConfig): Promise<FolderFile[]> {
  const tensors = parameterShapes(config);
  const lengths = new Map(tensors.map(({ name, shape }) => [name, shape.reduce((product, side) => product * side, 1)]));
  const read = (name: string): Promise<Float32Array<ArrayBuffer>> => {
    const values = randomValues(lengths.get(name) ?? 0);
    return Promise.resolve(name.includes('LayerNorm.weight') ? values.fill(1) : values);
  };
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  const characters = Array.from({ length: config.vocabularySize - special.length }, (_, i) =>
    String.fromCodePoint(0x4e00 + i),
  );
  const texts = {
    'config.json': JSON.stringify({
      model_type: 'bert',
      hidden_act: 'gelu',
      num_hidden_layers: config.layers,
      hidden_size: config.hiddenSize,
      num_attention_heads: config.heads,
      intermediate_size: config.intermediateSize,
      vocab_size: config.vocabularySize,
      max_position_embeddings: config.maxPositions,
      type_vocab_size: config.typeVocabularySize,
      layer_norm_eps: config.layerNormEpsilon,
      pad_token_id: config.padTokenId,
    }),
    'vocab.txt': `${[...special, ...characters].join('\n')}\n`,
  };
  const weights = await collectFile(writeSafetensors(tensors, read));
  return [
    ...Object.entries(texts).map(([path, text]) => ({ path, file: new File([text], path) })),
    { path: 'model.safetensors', file: new File([weights], 'model.safetensors') },
  ];
}

async function storeRun(db: Database, model: StoredModel): Promise<void> {
  const { contentSha256, defaults } = model;
  const settings = {
    contentSha256,
    pooling: defaults.pooling.value,
    normalize: true,
    maxTokens: 64,
    queryPrefix: '',
    passagePrefix: '',
  };
  const experiment = { ...defaultExperiment(), model: settings };
  const device = {
    experimentHash: '',
    build: 'bench',
    device: null,
    devicePreference: 'wasm',
    kernelPlan: '',
  } as const;
  const state = { status: 'running', phase: 'train', step: 1, steps: 1, createdAt: 1 } as const;
  await putRun(db, { runId, experimentId: 'bench', experiment, ...device, ...state });
}

/** Writes and reads as many bytes as the weights have, in blobs of the same size, using only the database. */
async function rawStorage(db: Database, bytes: number, time: Stopwatch): Promise<void> {
  const part = new Uint8Array(randomValues(weightPartBytes / 4).buffer);
  const parts = Math.ceil(bytes / weightPartBytes);
  await time('rawWrite', async () => {
    for (let i = 0; i < parts; i++) await db.put('weightParts', { weightsId: 'raw', part: i, bytes: new Blob([part]) });
  });
  await time('rawRead', async () => {
    for (let i = 0; i < parts; i++) await new Response((await db.get('weightParts', ['raw', i]))?.bytes).arrayBuffer();
  });
  await db.clear('weightParts');
}

type Stopwatch = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** Returns the milliseconds of each phase. */
async function measure({ config, engineBase, ortBase }: WeightsTask): Promise<Record<string, number>> {
  const ms: Record<string, number> = {};
  const time: Stopwatch = async (name, work) => {
    const begin = performance.now();
    const result = await work();
    ms[name] = performance.now() - begin;
    return result;
  };
  const db = await openDatabase(`bench-${crypto.randomUUID()}`);
  const folder = await modelFolder(config);
  await rawStorage(db, folder.at(-1)?.file.size ?? 0, time);
  const model = await time('import', () => importModel(folder, 'bench', quiet, db));
  await storeRun(db, model);
  await openDevice('wasm', engineBase);
  const parameters = await time('load', () => loadWeights(deviceEngine(), db, model, model, quiet));
  await checkpoint(db, model, parameters, time);
  parameters.dispose();
  await time('kept', async () => {
    const kept = await loadWeights(deviceEngine(), db, model, (await keptCheckpoint(db, runId)).weights, quiet);
    kept.dispose();
  });
  closeDevice();
  const tokenize = (texts: string[]) => tokenIdsOf(db, model.contentSha256, texts, 64);
  const vectors = await encodeWithWeights(db, { runId }, await tokenize(sampleTexts), engineBase);
  const request = { runId, reference: { texts: sampleTexts, vectors }, as: 'zip' } as const;
  await time('export', () => exportModel(request, { db, ortBaseUrl: ortBase, tokenize }, quiet));
  for (const store of ['weightParts', 'checkpoints', 'models'] as const) await db.clear(store);
  return ms;
}

async function checkpoint(
  db: Database,
  model: StoredModel,
  parameters: ParameterStore,
  time: Stopwatch,
): Promise<void> {
  const adamW = new AdamWState(parameters);
  const sections = trainingSections(model, parameters, adamW);
  const loopState = { bestDev: null, bestStep: null, elapsedMs: 0 };
  await time('checkpoint', async () => {
    const snapshot = await time('snapshot', () =>
      takeCheckpointSnapshot({ runId, step: 1, role: 'latest', loopState, sections }),
    );
    await writeSnapshot(db, snapshot);
  });
  adamW.dispose();
  await time('hash', () => weightsSha256(model.tensors, parameters));
}

const weights = { measure };
export type Weights = typeof weights;
expose(weights);
