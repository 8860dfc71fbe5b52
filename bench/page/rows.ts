/** Runs one row of the benchmark. The engine and its peer take turns, each in its own worker. */
import { wrap, type Remote } from 'comlink';
import type { EncoderConfig } from '../../src/domain/model';
import type { TokenBatch } from '../../workers/engine/model/tokenBatch';
import type { Padded } from '../peers/stockStep';
import type { StockPeer } from '../peers/stock.worker';
import { encodeByTransformersJs, openTransformersJs } from '../peers/transformersJs';
import type { Ours } from './ours.worker';
import type { Mining, MiningResult, MiningTask } from './mining.worker';
import type { ExactResult, ExactTask, Searching, SearchingTask } from './searching.worker';
import type { Weights } from './weights.worker';

type Backend = 'wasm' | 'webgpu';
/** Milliseconds of each round, not counting warm-up rounds. */
export type RowTimes = { ours: number[]; peer: number[] };

const engineBase = new URL('/engine/', location.href).href;
const wasmBase = new URL('/node_modules/@tensorflow/tfjs-backend-wasm/dist/', location.href).href;
const workers: Worker[] = [];

async function openOurs(backend: Backend): Promise<{ api: Remote<Ours>; threads: number; adapter: string }> {
  const worker = new Worker(new URL('./ours.worker.ts', import.meta.url), { type: 'module' });
  workers.push(worker);
  const api = wrap<Ours>(worker);
  const info = await api.open(backend, engineBase);
  return { api, threads: info.threads, adapter: info.adapter?.description ?? '' };
}

async function openStock(backend: Backend): Promise<Remote<StockPeer>> {
  const worker = new Worker(new URL('../peers/stock.worker.ts', import.meta.url), { type: 'module' });
  workers.push(worker);
  const api = wrap<StockPeer>(worker);
  await api.open(backend, wasmBase);
  return api;
}

function closeWorkers(): void {
  for (const worker of workers.splice(0)) worker.terminate();
}

export interface StepRowTask {
  backend: Backend;
  config: EncoderConfig;
  /** Token counts of the texts. */
  anchors: number[];
  positives: number[];
  rounds: number;
  /** Shapes [m, n, k] of products to time. The fastest product is the reference for the machine's speed. */
  products?: [number, number, number][];
}

/** Times a training step, and the same step built from stock tfjs ops. The first step of each is a warm-up. */
export async function stepRow(task: StepRowTask): Promise<RowTimes & { threads: number; bestMatmul: number }> {
  const { backend, config, rounds } = task;
  const ours = await openOurs(backend);
  const peer = await openStock(backend);
  await ours.api.startTraining(config);
  await peer.startTraining(config);
  const times: RowTimes = { ours: [], peer: [] };
  for (let round = 0; round <= rounds; round++) {
    const batches = [task.anchors, task.positives].map((lengths) => randomTexts(lengths, config.vocabularySize));
    const [anchors, positives] = batches;
    if (!anchors || !positives) throw new Error('two batches');
    const oursMs = await ours.api.step(anchors, positives);
    const peerMs = await peer.step(padded(anchors), padded(positives));
    if (round === 0) continue;
    times.ours.push(oursMs);
    times.peer.push(peerMs);
  }
  const bestMatmul = await bestProduct(ours.api, peer, task.products ?? []);
  closeWorkers();
  return { ...times, threads: ours.threads, bestMatmul };
}

/**
 * Side of the square matrices that the peer multiplies. The size is fixed, because the peer keeps its first pair of
 * matrices.
 */
const peerSide = 512;

/**
 * Returns the FLOP/s of the fastest product of either side, or NaN if there are no shapes. Each shape runs five times.
 */
async function bestProduct(
  ours: Remote<Ours>,
  peer: Remote<StockPeer>,
  shapes: readonly [number, number, number][],
): Promise<number> {
  let best = NaN;
  for (const [m, n, k] of shapes)
    for (let round = 0; round < 5; round++) {
      const rates = [
        (2 * m * n * k) / (await ours.matmul(m, n, k)),
        (2 * peerSide ** 3) / (await peer.matmul(peerSide)),
      ];
      best = Math.max(Number.isNaN(best) ? 0 : best, ...rates.map((rate) => 1000 * rate));
    }
  return best;
}

export async function matmulRow(size: number, rounds: number): Promise<RowTimes> {
  const ours = await openOurs('webgpu');
  const peer = await openStock('webgpu');
  const times: RowTimes = { ours: [], peer: [] };
  for (let round = 0; round <= rounds; round++) {
    const oursMs = await ours.api.matmul(size, size, size);
    const peerMs = await peer.matmul(size);
    if (round === 0) continue;
    times.ours.push(oursMs);
    times.peer.push(peerMs);
  }
  closeWorkers();
  return times;
}

export interface EncodeRowTask {
  backend: Backend;
  config: EncoderConfig;
  texts: number[][];
  batchSizes: number[];
  rounds: number;
}

/** Times the encoding of all texts, and the same in transformers.js with its fastest batch size. */
export async function encodeRow(task: EncodeRowTask): Promise<RowTimes & { batchSize: number; threads: number }> {
  const { backend, config, texts, batchSizes, rounds } = task;
  const ours = await openOurs(backend);
  await ours.api.startTraining(config);
  const base = new URL('/', location.href).href;
  await openTransformersJs(base, backend, Math.max(1, ours.threads || navigator.hardwareConcurrency));
  const batch = pack(texts);
  const speeds: { batchSize: number; ms: number }[] = [];
  for (const batchSize of batchSizes) {
    await encodeByTransformersJs(texts.slice(0, batchSize), batchSize);
    speeds.push({ batchSize, ms: await encodeByTransformersJs(texts, batchSize) });
  }
  const best = speeds.reduce((a, b) => (b.ms < a.ms ? b : a));
  await ours.api.encode(batch);
  const times: RowTimes = { ours: [], peer: [] };
  for (let round = 0; round < rounds; round++) {
    times.ours.push(await ours.api.encode(batch));
    times.peer.push(await encodeByTransformersJs(texts, best.batchSize));
  }
  closeWorkers();
  return { ...times, batchSize: best.batchSize, threads: ours.threads };
}

/** Times steps with frozen lower layers and steps of all layers, which take turns. Also counts dispatches per step. */
export async function frozenRow(
  task: Omit<StepRowTask, 'products' | 'backend'> & { frozenLayers: number },
): Promise<RowTimes & { dispatches: { ours: number; peer: number }; threads: number }> {
  const { config, rounds, frozenLayers } = task;
  const frozen = await openOurs('wasm');
  const full = await openOurs('wasm');
  await frozen.api.startTraining(config, frozenLayers);
  await full.api.startTraining(config);
  const times: RowTimes = { ours: [], peer: [] };
  const counted = { ours: 0, peer: 0 };
  for (let round = 0; round <= rounds; round++) {
    const [anchors, positives] = [task.anchors, task.positives].map((lengths) =>
      randomTexts(lengths, config.vocabularySize),
    );
    if (!anchors || !positives) throw new Error('two batches');
    const before = { ours: await frozen.api.dispatches(), peer: await full.api.dispatches() };
    const oursMs = await frozen.api.step(anchors, positives);
    const peerMs = await full.api.step(anchors, positives);
    counted.ours = (await frozen.api.dispatches()) - before.ours;
    counted.peer = (await full.api.dispatches()) - before.peer;
    if (round === 0) continue;
    times.ours.push(oursMs);
    times.peer.push(peerMs);
  }
  closeWorkers();
  return { ...times, dispatches: counted, threads: frozen.threads };
}

function openSearching(): Remote<Searching> {
  const worker = new Worker(new URL('./searching.worker.ts', import.meta.url), { type: 'module' });
  workers.push(worker);
  return wrap<Searching>(worker);
}

/** Times questions of the playground. */
export async function playgroundRow(task: SearchingTask): Promise<{ model: number[]; both: number[] }> {
  const result = await openSearching().playground(task);
  closeWorkers();
  return result;
}

/** Times an exact search over synthetic vectors. */
export async function exactRow(task: ExactTask): Promise<ExactResult> {
  const result = await openSearching().exact(task);
  closeWorkers();
  return result;
}

/** Times the keyword search. */
export async function keywordsRow(task: SearchingTask): Promise<number> {
  const result = await openSearching().keywords(task);
  closeWorkers();
  return result;
}

/** Times the mining of negatives and compares the result with a naive search. */
export async function miningRow(task: MiningTask): Promise<MiningResult> {
  const worker = new Worker(new URL('./mining.worker.ts', import.meta.url), { type: 'module' });
  workers.push(worker);
  const result = await wrap<Mining>(worker).mine(task);
  closeWorkers();
  return result;
}

/** Times import, load, checkpoint and export of a model with random weights, next to plain writes and reads. */
export async function weightsRow(config: EncoderConfig): Promise<Record<string, number>> {
  const worker = new Worker(new URL('./weights.worker.ts', import.meta.url), { type: 'module' });
  workers.push(worker);
  const ortBase = new URL('/ort/', location.href).href;
  const ms = await wrap<Weights>(worker).measure({ config, engineBase, ortBase });
  closeWorkers();
  return ms;
}

function pack(texts: readonly (readonly number[])[]): TokenBatch {
  const offsets = new Uint32Array(texts.length + 1);
  texts.forEach((text, i) => (offsets[i + 1] = (offsets[i] ?? 0) + text.length));
  return { ids: Int32Array.from(texts.flat()), offsets };
}

function randomTexts(lengths: readonly number[], vocabulary: number): TokenBatch {
  return pack(lengths.map((length) => Array.from({ length }, () => Math.floor(Math.random() * vocabulary))));
}

function padded({ ids, offsets }: TokenBatch): Padded {
  const texts = offsets.length - 1;
  const lengthOf = (text: number): number => (offsets[text + 1] ?? 0) - (offsets[text] ?? 0);
  const length = Math.max(...Array.from({ length: texts }, (_, text) => lengthOf(text)));
  const result = { ids: new Int32Array(texts * length), mask: new Float32Array(texts * length), texts, length };
  for (let text = 0; text < texts; text++) {
    result.ids.set(ids.subarray(offsets[text], offsets[text + 1]), text * length);
    result.mask.fill(1, text * length, text * length + lengthOf(text));
  }
  return result;
}
