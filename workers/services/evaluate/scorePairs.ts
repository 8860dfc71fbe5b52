import { candidateId, denseOf, type Candidate, type DenseCandidate } from '../../../src/domain/evaluate/candidate';
import { KeywordIndex } from '../../../src/domain/evaluate/keywordIndex';
import { AppError, toAppError } from '../../../src/domain/errors';
import type { ScoredPair } from '../../../src/domain/records';
import { getPairScores, putComparison } from '../../../src/storage/comparisons';
import { onDevice } from '../device/onDevice';
import { deviceKey } from '../device/openDevice';
import { openDense } from './candidates';
import { engineEncoder, keptOrEncoded } from './candidateVectors';
import { comparisonKey, stopping, type CompareDeps } from './compareModels';
import { hashOf } from './comparedData';
import type { EncodedTexts } from './encodedTexts';
import { onnxEncoder } from './onnxEncoder';
import { pairSet, type PairSet } from './pairSet';

/** Pairs between two reports of progress. */
const pairsPerReport = 500;

/** Whether a candidate gives scores to pairs of sentences. A fused ranking has only ranks among many passages. */
export const scoresPairs = ({ kind }: Candidate): boolean => kind !== 'fused';

/** Returns the distinct sentences of pairs in the order in which they first occur, and the places of both sides. */
export function distinctSentences(pairs: readonly ScoredPair[]): {
  texts: string[];
  first: number[];
  second: number[];
} {
  const places = new Map<string, number>();
  const placeOf = (text: string): number => {
    const place = places.get(text) ?? places.size;
    places.set(text, place);
    return place;
  };
  const sides = pairs.map(({ sentence1, sentence2 }) => [placeOf(sentence1), placeOf(sentence2)] as const);
  return { texts: [...places.keys()], first: sides.map(([one]) => one), second: sides.map(([, one]) => one) };
}

/** Returns the cosine of two unit vectors per pair, summed in double precision. */
export function pairCosines(vectors: EncodedTexts, first: readonly number[], second: readonly number[]): number[] {
  const { width } = vectors;
  const [x, y] = [new Float32Array(width), new Float32Array(width)];
  return first.map((place, pair) => {
    vectors.copyRow(place, x, 0);
    vectors.copyRow(second[pair] ?? 0, y, 0);
    let sum = 0;
    for (let i = 0; i < width; i++) sum += (x[i] ?? 0) * (y[i] ?? 0);
    return sum;
  });
}

/** Scores pairs with candidates, one by one. Both sentences are encoded as questions, as a stage on pairs does. */
class PairScoring {
  constructor(
    private readonly experimentId: string,
    private readonly set: PairSet,
    private readonly deps: CompareDeps,
  ) {}

  async score(candidate: Candidate): Promise<void> {
    const { db, ended } = this.deps;
    const id = candidateId(candidate);
    try {
      const key = await comparisonKey(db, candidate, this.set);
      if (!(await getPairScores(db, this.experimentId, key))) {
        const dense = denseOf(candidate);
        const scores = dense ? await this.#byModel(id, dense) : await this.#byKeywords(id);
        const about = { experimentId: this.experimentId, key, part: 'pairs' as const, candidate };
        await putComparison(db, { ...about, dataSha256: this.set.sha256, scores, createdAt: Date.now() });
      }
      ended(id, null);
    } catch (thrown) {
      const { details } = toAppError(thrown);
      if (stopping.has(details.kind)) throw thrown;
      ended(id, details);
    }
  }

  #between(id: string, what: 'load' | 'questions' | 'keywords'): (done: number, of: number) => Promise<void> {
    return async (done, of) => {
      this.deps.progress({ id, what, done, of });
      await this.deps.control.checkpoint();
    };
  }

  async #byModel(id: string, dense: DenseCandidate): Promise<number[]> {
    const { db, device, wasmBaseUrl, ortBaseUrl } = this.deps;
    const { texts, first, second } = distinctSentences(this.set.pairs);
    const of = { side: 'questions' as const, texts, sha256: await hashOf(texts) };
    const opened = await openDense(db, dense);
    const between = (what: 'load' | 'passages' | 'questions') =>
      this.#between(id, what === 'load' ? what : 'questions');
    await between('load')(0, 0);
    let scores: number[] = [];
    await onDevice(device, wasmBaseUrl, async (engine, { backend }) => {
      const encoder =
        'onnx' in opened
          ? onnxEncoder(opened, { db, ortBaseUrl, between })
          : engineEncoder(opened, { db, engine, deviceKey: `${backend} ${(await deviceKey(device)).key}`, between });
      try {
        const { vectors } = await keptOrEncoded(encoder, of, db);
        scores = pairCosines(vectors, first, second);
      } finally {
        await encoder.dispose();
      }
    });
    return scores;
  }

  /** BM25 of the second sentence for the first one, among all second sentences. */
  async #byKeywords(id: string): Promise<number[]> {
    const { pairs } = this.set;
    const between = this.#between(id, 'keywords');
    const index = new KeywordIndex(pairs.length);
    for (const { sentence2 } of pairs) index.add(sentence2);
    const score = index.scorer();
    const scores: number[] = [];
    for (const [pair, { sentence1 }] of pairs.entries()) {
      scores.push(score(sentence1)[pair] ?? 0);
      if ((pair + 1) % pairsPerReport === 0 || pair + 1 === pairs.length) await between(pair + 1, pairs.length);
    }
    return scores;
  }
}

/**
 * Scores an experiment's pairs with candidates and stores the scores one by one. Skips candidates with stored scores
 * and fused ones. If a candidate fails, the others still score.
 * @throws cancelled; data-missing; nothing-to-evaluate without pairs, also if all are trained on; quota-exceeded or
 * storage-failed.
 */
export async function scorePairs(
  { experimentId, candidates }: { experimentId: string; candidates: readonly Candidate[] },
  deps: CompareDeps,
): Promise<void> {
  const set = await pairSet(deps.db, experimentId);
  if (!set || set.pairs.length === 0) throw new AppError({ kind: 'nothing-to-evaluate', part: 'pairs' });
  const scoring = new PairScoring(experimentId, set, deps);
  for (const candidate of candidates) if (scoresPairs(candidate)) await scoring.score(candidate);
}
