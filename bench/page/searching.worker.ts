/** Times searches and the keyword search with the app's own functions. */
import { expose } from 'comlink';
import { candidateId, type PlaygroundCandidate } from '../../src/domain/evaluate/candidate';
import { rankByKeywords } from '../../src/domain/evaluate/keywordSearch';
import { experimentModelOf } from '../../src/domain/experiment';
import { openDatabase } from '../../src/storage/database';
import { closeDevice, deviceEngine, openDevice } from '../../workers/services/device/openDevice';
import { search } from '../../workers/engine/retrieval/search';
import { vectorsInOnePiece, vectorsInPieces, type Vectors } from '../../workers/engine/retrieval/vectors';
import { syntheticVectors } from '../../workers/services/evaluate/searchSpeed';
import { searchByCandidates } from '../../workers/services/evaluate/playground';
import { DatasetWriter } from '../../workers/services/import/datasetWriter';
import { importDemoModel } from '../../workers/services/import/importDemoModel';
import { RunControl } from '../../workers/services/train/runControl';

/** An exact search over synthetic vectors. */
export interface ExactTask {
  backend: 'wasm' | 'webgpu';
  passages: number;
  width: number;
  questions: number;
  rounds: number;
  /** Whether the vectors are read in pieces instead of being in memory. */
  inPieces: boolean;
}

export interface ExactResult {
  /** Milliseconds of each round; the time to make a piece does not count. */
  times: number[];
  /** Rows of the first ten passages of each question. */
  found: number[][];
  /** Bytes of vectors and arrays that were held at most. */
  bytes: number;
}

export interface SearchingTask {
  passages: string[];
  questions: string[];
}

/** Returns questions [count, E] that are mixtures of two passages each, so that scores differ. */
function questionsOf(passages: Vectors, count: number): Float32Array {
  const { width } = passages;
  const mixed = new Float32Array(count * width);
  const row = new Float32Array(width);
  for (let question = 0; question < count; question++)
    for (const [at, weight] of [0.6, 0.4].entries()) {
      passages.copyRow(7 * question + at, row, 0);
      row.forEach((value, i) => (mixed[question * width + i] = (mixed[question * width + i] ?? 0) + weight * value));
    }
  return mixed;
}

const api = {
  /** Searches synthetic vectors, after a round that warms up. */
  async exact({ backend, passages: count, width, questions, rounds, inPieces }: ExactTask): Promise<ExactResult> {
    await openDevice(backend, `${location.origin}/engine/`);
    const engine = deviceEngine();
    const synthetic = syntheticVectors(count, width);
    let madeMs = 0;
    const pieces = vectorsInPieces(count, width, (first, some, into) => {
      const begin = performance.now();
      synthetic.copyRows?.(first, some, into, 0);
      madeMs += performance.now() - begin;
      return Promise.resolve();
    });
    const values = new Float32Array(inPieces ? 0 : count * width);
    if (!inPieces) synthetic.copyRows?.(0, count, values, 0);
    const passages = inPieces ? pieces : vectorsInOnePiece(values, width);
    const mixed = questionsOf(synthetic, questions);
    const queries = vectorsInOnePiece(mixed, width);
    const targets = Array.from({ length: questions }, () => []);
    const times: number[] = [];
    let found: number[][] = [];
    for (let round = 0; round <= rounds; round++) {
      madeMs = 0;
      const begin = performance.now();
      const results = await search(engine, { queries, passages, targets, k: 10 });
      if (round > 0) times.push(performance.now() - begin - madeMs);
      found = results.map(({ top }) => top.map(({ passage }) => passage));
    }
    const bytes = engine.pool.peakBytes + values.byteLength + pieces.bufferBytes;
    closeDevice();
    return { times, found, bytes };
  },
  /**
   * Returns the milliseconds of each question after the first, with the demo model alone and together with keywords.
   */
  async playground({ passages, questions }: SearchingTask): Promise<{ model: number[]; both: number[] }> {
    const db = await openDatabase();
    const model = await importDemoModel(db, `${location.origin}/`);
    const writer = await DatasetWriter.open('knowledgeBase', 'passages');
    passages.forEach((text, i) => writer.add({ id: `p${i}`, text }));
    const base = { knowledgeBase: (await writer.finish(db)).contentSha256 };
    const dense: PlaygroundCandidate = { kind: 'base', model: experimentModelOf(model) };
    const deps = { db, control: new RunControl(), device: 'wasm' as const, wasmBaseUrl: `${location.origin}/engine/` };
    const timed = async (candidates: PlaygroundCandidate[], encode: boolean): Promise<number[]> => {
      const ms: number[] = [];
      for (const question of questions) {
        const request = { base, candidates, question, encode };
        const begin = performance.now();
        const { answers } = await searchByCandidates(request, { ...deps, progress: () => undefined });
        ms.push(performance.now() - begin);
        const failed = answers.findIndex(({ kind }) => kind !== 'found');
        const [candidate] = candidates.slice(failed);
        if (failed >= 0 && candidate) throw new Error(`no answer by ${candidateId(candidate)}`);
      }
      return ms.slice(1);
    };
    const first = await timed([dense], true);
    return { model: first, both: await timed([dense, { kind: 'keywords' }], false) };
  },
  /** Returns the milliseconds to index the passages and answer the questions by keywords. */
  async keywords({ passages, questions }: SearchingTask): Promise<number> {
    const rows = passages.map((text, i) => ({ id: `p${i}`, text }));
    const asked = questions.map((text, i) => ({ id: `q${i}`, text, relevant: [`p${i}`] }));
    const begin = performance.now();
    await rankByKeywords(rows, asked, 10, () => undefined);
    return performance.now() - begin;
  },
};

export type Searching = typeof api;
expose(api);
