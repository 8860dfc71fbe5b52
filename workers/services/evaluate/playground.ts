import { canonicalJson } from '../../../src/domain/canonicalJson';
import { candidateId, denseOf, type Candidate, type DenseCandidate } from '../../../src/domain/evaluate/candidate';
import { keywordSearcher, type KeywordSearcher } from '../../../src/domain/evaluate/keywordSearch';
import { passageOrder, type PassageOrder } from '../../../src/domain/evaluate/ranking';
import { AppError, toAppError, type AppErrorDetails } from '../../../src/domain/errors';
import type { DevicePreference } from '../../../src/domain/device';
import type { Passage } from '../../../src/domain/records';
import type { CompareProgress } from '../../../src/protocol/compareApi';
import type {
  PlaygroundAnswer,
  PlaygroundRequest,
  PlaygroundResult,
  SearchedBase,
} from '../../../src/protocol/playground';
import type { Database } from '../../../src/storage/database';
import { getDataset, readRows } from '../../../src/storage/datasets';
import type { Engine } from '../../engine/engine';
import { search } from '../../engine/retrieval/search';
import { vectorsInOnePiece, type Vectors } from '../../engine/retrieval/vectors';
import { deviceLossBehind } from '../device/deviceRecovery';
import type { RunControl } from '../train/runControl';
import { preparedData } from '../split/preparedData';
import { storedExperiment } from '../train/storedExperiment';
import { refuseNotFinite, tokensOf, vectorKey } from './candidateVectors';
import { hashOf } from './comparedData';
import { encodeTexts } from './encodeTexts';
import { keepVectors, readVectors } from './keptVectors';
import { closeWarmDevice, cool, warmDevice, warmModel, type WarmModel } from './warmModels';

export interface PlaygroundDeps {
  db: Database;
  control: RunControl;
  device: DevicePreference;
  wasmBaseUrl: string;
  progress: (what: CompareProgress['what'], done: number, of: number) => void;
}

/** Number of passages shown for each side. */
const shownFirst = 5;

/** The knowledge base of the latest question. */
interface OpenBase {
  key: string;
  passages: Passage[];
  order: PassageOrder;
  sha256: string;
  /** Vectors of the two sides' candidates, by candidate, in the order that breaks ties. */
  vectors: Map<string, Vectors>;
  byKeywords: KeywordSearcher | null;
}
let latest: OpenBase | null = null;
/** Number of candidates whose vectors are held in memory. */
const mostVectors = 2;

/** Errors that make the device useless: every readback throws the same error until the device is closed. */
const ofDevice: ReadonlySet<AppErrorDetails['kind']> = new Set(['gpu-device-lost', 'gpu-out-of-memory', 'unexpected']);

async function passagesOf(db: Database, base: SearchedBase): Promise<{ key: string; read: () => Promise<Passage[]> }> {
  if ('knowledgeBase' in base) {
    const { knowledgeBase: contentSha256 } = base;
    if (!(await getDataset(db, contentSha256)))
      throw new AppError({ kind: 'data-missing', role: 'knowledgeBase', contentSha256 });
    return { key: contentSha256, read: () => readRows(db, 'knowledgeBase', contentSha256) };
  }
  const experiment = await storedExperiment(db, base.experimentId);
  const { data, split, seed, model, stages } = experiment;
  const read = async (): Promise<Passage[]> => (await preparedData(db, experiment)).knowledgeBase;
  return { key: canonicalJson([data, split, seed, model, stages]), read };
}

async function openBase(db: Database, base: SearchedBase): Promise<OpenBase> {
  const { key: ofData, read } = await passagesOf(db, base);
  const key = canonicalJson([db.name, ofData]);
  if (latest?.key === key) return latest;
  const passages = await read();
  if (passages.length === 0) throw new AppError({ kind: 'data-missing', role: 'knowledgeBase' });
  const sha256 = await hashOf(passages.map(({ text }) => text));
  return (latest = { key, passages, order: passageOrder(passages), sha256, vectors: new Map(), byKeywords: null });
}

/**
 * Finds the first passages for a question by each candidate. The device stays open with the models for a while, so the
 * next question needs only its own encoding and a search. If a candidate fails, the others still answer.
 * @throws data-missing if the knowledge base is not stored; gpu-device-lost; cancelled.
 */
export async function searchByCandidates(request: PlaygroundRequest, deps: PlaygroundDeps): Promise<PlaygroundResult> {
  let searchMs = 0;
  const timed = async <T>(work: () => Promise<T> | T): Promise<T> => {
    const begun = performance.now();
    const result = await work();
    searchMs += performance.now() - begun;
    return result;
  };
  const base = await openBase(deps.db, request.base);
  const answers: PlaygroundAnswer[] = [];
  try {
    for (const candidate of request.candidates)
      answers.push(await answerOf(candidate, base, request, { ...deps, timed }));
  } finally {
    cool(() => (latest = null));
  }
  return { answers, passages: base.passages.length, searchMs };
}

async function answerOf(
  candidate: Candidate,
  base: OpenBase,
  { question, encode }: PlaygroundRequest,
  deps: PlaygroundDeps & { timed: <T>(work: () => Promise<T> | T) => Promise<T> },
): Promise<PlaygroundAnswer> {
  try {
    await deps.control.checkpoint();
    const dense = denseOf(candidate);
    if (!dense) {
      const byKeywords = (base.byKeywords ??= await keywordSearcher(base.passages, base.order, async (done, of) => {
        deps.progress('keywords', done, of);
        await deps.control.checkpoint();
      }));
      return foundIn(base, await deps.timed(() => byKeywords(question, shownFirst)));
    }
    const warm = await warmDevice(deps.device, deps.wasmBaseUrl);
    const model = await warmModel(deps.db, warm, dense);
    await deps.control.checkpoint();
    const passages = await passageVectors(dense, model, base, { ...deps, deviceKey: warm.key, encode });
    if (!passages) return { kind: 'not-encoded', passages: base.passages.length };
    const { order } = base;
    return foundIn(base, await deps.timed(() => ranked(warm.engine, model, passages, { question, order })));
  } catch (thrown) {
    const error = (await deviceLossBehind(thrown)) ?? toAppError(thrown);
    const { kind } = error.details;
    if (ofDevice.has(kind)) closeWarmDevice();
    if (kind === 'cancelled' || kind === 'gpu-device-lost') throw error;
    return { kind: 'failed', error: error.details };
  }
}

function foundIn({ passages }: OpenBase, found: readonly { passage: number; score: number }[]): PlaygroundAnswer {
  const top = found.map(({ passage, score }, i) => {
    const { id = '', text = '' } = passages[passage] ?? {};
    return { rank: i + 1, id, text, score };
  });
  return { kind: 'found', top };
}

/** Encodes the question and ranks all passages exactly. GPU→CPU sync. */
async function ranked(
  engine: Engine,
  { opened, parameters, tokenizer }: WarmModel,
  passages: Vectors,
  { question, order }: { question: string; order: PassageOrder },
): Promise<{ passage: number; score: number }[]> {
  const none = (): Promise<void> => Promise.resolve();
  const set = await tokensOf(opened, { side: 'questions', texts: [question] }, tokenizer, none);
  const encoder = { parameters, config: opened.model.config, pooling: opened.settings.pooling };
  const queries = await encodeTexts(encoder, set, none);
  const [found] = await search(engine, { queries, passages, targets: [[]], k: Math.min(shownFirst, passages.count) });
  return (found?.top ?? []).map(({ passage, score }) => ({ passage: order.inOrder[passage] ?? 0, score }));
}

/** Returns the vectors of the passages: from memory, from storage, or newly encoded and stored. */
async function passageVectors(
  candidate: DenseCandidate,
  { opened, parameters, tokenizer }: WarmModel,
  base: OpenBase,
  { db, control, progress, deviceKey, encode }: PlaygroundDeps & { deviceKey: string; encode: boolean },
): Promise<Vectors | null> {
  const { passages, order, sha256, vectors } = base;
  const key = await vectorKey(opened, { side: 'passages', sha256 }, deviceKey);
  const id = `${candidateId(candidate)} ${key}`;
  const known = vectors.get(id);
  vectors.delete(id);
  if (known) {
    vectors.set(id, known); // now the last to be dropped
    return known;
  }
  let encoded = await readVectors(db, key);
  if (!encoded && !encode) return null;
  if (!encoded) {
    const texts = passages.map(({ text }) => text);
    const between = async (done: number, of: number): Promise<void> => {
      progress('passages', done, of);
      await control.checkpoint();
    };
    const set = await tokensOf(opened, { side: 'passages', texts }, tokenizer, between);
    const encoder = { parameters, config: opened.model.config, pooling: opened.settings.pooling };
    encoded = await encodeTexts(encoder, set, between);
    refuseNotFinite(encoded);
    await keepVectors(db, key, opened.model.name, encoded);
  }
  const rows = new Float32Array(encoded.count * encoded.width);
  for (let place = 0; place < encoded.count; place++)
    encoded.copyRow(order.inOrder[place] ?? 0, rows, place * encoded.width);
  const inOrder = vectorsInOnePiece(rows, encoded.width);
  for (const old of vectors.keys()) if (vectors.size >= mostVectors) vectors.delete(old);
  vectors.set(id, inOrder);
  return inOrder;
}
