import { canonicalJson } from '../../../src/domain/canonicalJson';
import { candidateId, denseOf, type Candidate, type DenseCandidate } from '../../../src/domain/evaluate/candidate';
import type { QuestionResult } from '../../../src/domain/evaluate/evaluation';
import { fuseRankings, fusionDepth } from '../../../src/domain/evaluate/fuseRankings';
import { rankByKeywords, type KeywordResult } from '../../../src/domain/evaluate/keywordSearch';
import type { QuestionScores } from '../../../src/domain/evaluate/questionScores';
import { shownPassages } from '../../../src/domain/evaluate/ranking';
import type { DevicePreference } from '../../../src/domain/device';
import { toAppError, type AppErrorDetails } from '../../../src/domain/errors';
import { sha256Hex } from '../../../src/domain/hash';
import type { CompareProgress, CompareReports, CompareRequest } from '../../../src/protocol/compareApi';
import { getComparison, putComparison } from '../../../src/storage/comparisons';
import type { Database } from '../../../src/storage/database';
import type { StoredComparison } from '../../../src/storage/schema';
import type { Engine } from '../../engine/engine';
import { onDevice } from '../device/onDevice';
import { deviceKey } from '../device/openDevice';
import type { RunControl } from '../train/runControl';
import { openDense, type OpenCandidate, type OpenOnnx } from './candidates';
import { candidateVectors, engineEncoder } from './candidateVectors';
import { comparedData, type ComparedData, type DataOwner } from './comparedData';
import { probeData, type SearchedData } from './probeData';
import { searchQuestions } from './evaluateVectors';
import { onnxEncoder } from './onnxEncoder';
import { scoreQuestions } from './scoreQuestions';

export interface CompareDeps extends CompareReports {
  db: Database;
  control: RunControl;
  device: DevicePreference;
  wasmBaseUrl: string;
  /** The page's folder, which has the shipped probe set. Only a comparison on that needs it. */
  baseUrl?: string;
  /** Where the files of onnxruntime-web are. */
  ortBaseUrl: string;
}

/** Part of the key of stored results. Increase it when the results of the same candidate change. */
const comparisonVersion = 1;

/** Errors with which every other candidate would fail too. */
export const stopping: ReadonlySet<AppErrorDetails['kind']> = new Set([
  'cancelled',
  'quota-exceeded',
  'storage-failed',
]);

/** Returns the key that a candidate's results are stored under. Throws if its model or its weights were deleted. */
export async function comparisonKey(
  db: Database,
  candidate: Candidate,
  data: Pick<ComparedData, 'sha256'>,
): Promise<string> {
  const dense = denseOf(candidate);
  const opened = dense && (await openDense(db, dense));
  const { kind } = candidate;
  const sha256 = opened && ('onnx' in opened ? opened.onnx.contentSha256 : opened.weightsSha256);
  const weights = opened && [sha256, opened.settings];
  return sha256Hex(canonicalJson({ comparisonVersion, data: data.sha256, kind, weights, dense }));
}

/**
 * Evaluates candidates on an experiment's questions and stores their results, one by one. Candidates with stored
 * results are skipped, so a cancelled comparison continues with the next one. If a candidate fails, the others are
 * still evaluated. Opens the device for each model.
 * @throws cancelled; data-missing; nothing-to-evaluate; quota-exceeded or storage-failed if results can't be stored.
 */
export async function compareModels(request: CompareRequest, deps: CompareDeps): Promise<void> {
  const { db, baseUrl = '' } = deps;
  const data =
    request.part === 'probe'
      ? await probeData(db, request.probe, baseUrl)
      : await comparedData(db, ownerOf(request), request.part);
  const comparison = new Comparison(request, data, deps);
  for (const candidates of byModel(request.candidates)) await comparison.evaluate(candidates);
}

const ownerOf = ({ experimentId, runId }: CompareRequest): DataOwner =>
  runId === undefined ? { experimentId } : { runId };

/** Whether a candidate's scores are cosines, for which thresholds can be chosen. */
export const isScored = ({ kind }: Candidate): boolean => kind !== 'keywords' && kind !== 'fused';

/**
 * Groups candidates by the model that they encode with. The keyword search comes first, because it takes the least
 * time.
 */
function byModel(candidates: readonly Candidate[]): Candidate[][] {
  const groups = new Map<string, Candidate[]>([['', []]]);
  for (const candidate of candidates) {
    const dense = denseOf(candidate);
    const key = dense ? candidateId(dense) : '';
    groups.set(key, [...(groups.get(key) ?? []), candidate]);
  }
  return [...groups.values()];
}

interface Missing {
  id: string;
  candidate: Candidate;
  key: string;
  /** Speed stored with results of an earlier version that lack scores, so that computing them again keeps it. */
  passagesPerSecond: number | null;
}

class Comparison {
  #keywords: KeywordResult[] | null = null;

  constructor(
    private readonly request: CompareRequest,
    private readonly data: SearchedData,
    private readonly deps: CompareDeps,
  ) {}

  /** Evaluates candidates that encode with the same model, or the keyword search. */
  async evaluate(candidates: readonly Candidate[]): Promise<void> {
    let open = candidates.map(candidateId);
    try {
      const missing = await this.#missing(candidates);
      open = missing.map(({ id }) => id);
      for (const id of candidates.map(candidateId)) if (!open.includes(id)) this.deps.ended(id, null);
      const [first] = missing;
      const dense = first && denseOf(first.candidate);
      if (dense) await this.#evaluateModel(dense, missing);
      else if (first)
        await this.#store(
          first,
          (await this.#rankByKeywords(first.id)).map(({ result }) => result),
        );
    } catch (thrown) {
      const { details } = toAppError(thrown);
      if (stopping.has(details.kind)) throw thrown;
      for (const id of open) this.deps.ended(id, details);
    }
  }

  /** Returns the candidates without stored results. */
  async #missing(candidates: readonly Candidate[]): Promise<Missing[]> {
    const missing: Missing[] = [];
    for (const candidate of candidates) {
      const key = await comparisonKey(this.deps.db, candidate, this.data);
      const stored = await getComparison(this.deps.db, this.request.experimentId, key);
      // Earlier versions stored no scores.
      if (!stored || (this.#keepsScores(candidate) && !stored.scores))
        missing.push({
          id: candidateId(candidate),
          candidate,
          key,
          passagesPerSecond: stored?.passagesPerSecond ?? null,
        });
      else if (stored.ofRun) await this.#count(stored);
    }
    return missing;
  }

  /** Thresholds are chosen from the scores of dev and test questions, not from those of a probe set. */
  #keepsScores(candidate: Candidate): boolean {
    return this.request.part !== 'probe' && isScored(candidate);
  }

  /** Turns results that only accompanied a run into results of the comparison, which count as a use of the part. */
  async #count({ ofRun: _, ...stored }: StoredComparison): Promise<void> {
    await putComparison(this.deps.db, stored);
  }

  async #evaluateModel(dense: DenseCandidate, missing: readonly Missing[]): Promise<void> {
    const { db, device, wasmBaseUrl } = this.deps;
    const id = candidateId(dense);
    const fused = missing.some(({ candidate }) => candidate.kind === 'fused');
    const keywords = fused ? await this.#rankByKeywords(id) : [];
    const opened = await openDense(db, dense);
    await this.#between(id, 'load')(0, 0);
    await onDevice(device, wasmBaseUrl, async (engine, { backend }) => {
      const found = await this.#search(id, opened, { engine, backend, fused });
      const { results, rankings, scores, passagesPerSecond } = found;
      for (const one of missing) {
        const own =
          one.candidate.kind === 'fused'
            ? this.data.questions.map((question, i) =>
                fuseRankings([rankings[i] ?? [], keywords[i]?.ranking ?? []], question, this.data.order),
              )
            : results;
        await this.#store(one, own, passagesPerSecond, this.#keepsScores(one.candidate) ? scores : undefined);
      }
    });
  }

  async #search(
    id: string,
    opened: OpenCandidate | OpenOnnx,
    { engine, backend, fused }: { engine: Engine; backend: string; fused: boolean },
  ) {
    const { data } = this;
    const { db, device, ortBaseUrl } = this.deps;
    const between = (what: CompareProgress['what']) => this.#between(id, what);
    const encoder =
      'onnx' in opened
        ? onnxEncoder(opened, { db, ortBaseUrl, between })
        : engineEncoder(opened, { db, engine, deviceKey: `${backend} ${(await deviceKey(device)).key}`, between });
    const vectors = await candidateVectors(encoder, data, db);
    const common = { order: data.order, passageVectors: vectors.passages };
    const { questions, unanswered } = data;
    const input = { ...common, questions, questionVectors: vectors.questions };
    const depth = fused ? fusionDepth : shownPassages;
    const found = await searchQuestions(engine, { ...input, depth }, between('search'));
    const { seed } = data.experiment;
    let scores = this.request.part === 'probe' ? [] : scoreQuestions({ ...input, results: found.results, seed });
    if (vectors.unanswered) {
      const others = { ...common, questions: unanswered, questionVectors: vectors.unanswered };
      const { results } = await searchQuestions(engine, { ...others, depth: shownPassages }, between('search'));
      scores = [...scores, ...scoreQuestions({ ...others, results, seed })];
    }
    return { ...found, scores, passagesPerSecond: vectors.passagesPerSecond };
  }

  /** Ranks by keywords, once for all candidates. `id` is the candidate that waits for the ranking. */
  async #rankByKeywords(id: string): Promise<KeywordResult[]> {
    const { passages, questions } = this.data;
    return (this.#keywords ??= await rankByKeywords(passages, questions, fusionDepth, this.#between(id, 'keywords')));
  }

  #between(id: string, what: CompareProgress['what']): (done: number, of: number) => Promise<void> {
    return async (done, of) => {
      this.deps.progress({ id, what, done, of });
      await this.deps.control.checkpoint();
    };
  }

  async #store(
    { id, candidate, key, passagesPerSecond: known }: Missing,
    results: QuestionResult[],
    measured: number | null = null,
    scores?: QuestionScores[],
  ): Promise<void> {
    const { experimentId, part } = this.request;
    // Reused vectors were not timed, so the earlier measurement stays.
    const passagesPerSecond = measured ?? known;
    const rest = { candidate, results, passagesPerSecond, ...(scores ? { scores } : {}), createdAt: Date.now() };
    const on = { experimentId, key, part, dataSha256: this.data.sha256 };
    await putComparison(this.deps.db, { ...on, ...rest });
    this.deps.ended(id, null);
  }
}
