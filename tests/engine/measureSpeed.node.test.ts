import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { candidateId, type EngineCandidate } from '../../src/domain/evaluate/candidate';
import { hitRateAtK, mrrAtK, recallAtK } from '../../src/domain/evaluate/metrics';
import { passageOrder, relevantPlaces } from '../../src/domain/evaluate/ranking';
import type { SpeedResult } from '../../src/domain/evaluate/speed';
import { AppError, toAppError } from '../../src/domain/errors';
import type { SpeedProgress } from '../../src/protocol/speedApi';
import type { Database } from '../../src/storage/database';
import { deleteExperiment, purgeExperiment } from '../../src/storage/deletedExperiments';
import { getExperiment } from '../../src/storage/experiments';
import { getSpeed, putSpeed } from '../../src/storage/speeds';
import type { Engine } from '../../workers/engine/engine';
import { openWasmEngine } from '../../workers/engine/wasm/openWasmEngine';
import { vectorsInOnePiece } from '../../workers/engine/retrieval/vectors';
import { deviceEngine } from '../../workers/services/device/openDevice';
import { listCandidates } from '../../workers/services/evaluate/listCandidates';
import { measureForms } from '../../workers/services/evaluate/formFigures';
import { measureSpeed } from '../../workers/services/evaluate/measureSpeed';
import { passagesInForm } from '../../workers/services/evaluate/vectorsInForm';
import { RunControl } from '../../workers/services/train/runControl';
import { wasmBase } from './environment';
import { seededRandom } from './random';
import { prepared, storeModel } from './smallRun';

/** The tiny models read 12 tokens, so 16 are too many. */
const steps = { lengths: [4, 12, 16], passages: [40, 90], rounds: 2, roundMs: 2 };

async function given() {
  const { db } = await prepared({}, { passages: 30 });
  await storeModel(db, { contentSha256: 'f'.repeat(64), seed: 9 });
  const candidates = (await listCandidates(db, 'e')).flatMap(({ candidate }) =>
    candidate.kind === 'base' ? [candidate] : [],
  );
  return { db, candidates };
}

async function measured(
  db: Database,
  candidates: readonly EngineCandidate[],
  onProgress: (progress: SpeedProgress, control: RunControl) => void = () => undefined,
): Promise<{ result: SpeedResult | null; error: string | null; seen: SpeedProgress[] }> {
  const seen: SpeedProgress[] = [];
  const control = new RunControl();
  const deps = { db, control, device: 'wasm' as const, wasmBaseUrl: wasmBase, build: 'test', browser: 'node', steps };
  const progress = (one: SpeedProgress): void => {
    seen.push(one);
    onProgress(one, control);
  };
  try {
    const result = await measureSpeed({ experimentId: 'e', candidates, plan: 'full' }, { ...deps, progress });
    return { result, error: null, seen };
  } catch (thrown) {
    return { result: null, error: toAppError(thrown).details.kind, seen };
  }
}

describe('a measurement of speed and size', () => {
  it('lets the models take turns in every round, and keeps the result with the experiment', async () => {
    const { db, candidates } = await given();
    const { result, seen } = await measured(db, candidates);
    expect(result).toMatchObject({ incomplete: false, failures: [], skipped: [], questionsError: null });
    expect(result?.models.map(({ id }) => id)).toEqual(candidates.map(candidateId));
    for (const model of result?.models ?? []) {
      expect(model.encoding.map(({ tokens }) => tokens)).toEqual([4, 12]);
      expect(model.tooLong).toEqual([16]);
      for (const { textsPerSecond, texts } of model.encoding) {
        expect([textsPerSecond.rounds, texts > 0]).toEqual([2, true]);
        expect(textsPerSecond.low).toBeGreaterThan(0);
        expect(textsPerSecond.median).toBeLessThanOrEqual(textsPerSecond.high);
      }
      expect(model.sizes.float32).toBe(2 * model.sizes.float16);
      expect(model.forms?.map(({ form }) => `${form.dimensions} ${form.numbers}`)).toEqual(['8 float32', '8 int8']);
    }
    // Both models have 8 dimensions, so their vectors are searched once.
    expect(result?.searches.map(({ dimension, passages, ms }) => [dimension, passages, ms.rounds])).toEqual([
      [8, 40, 2],
      [8, 90, 2],
    ]);
    const turns = seen.filter(({ what }) => what === 'load').map(({ id }) => id);
    expect(turns).toEqual([1, 2, 3].flatMap(() => candidates.map(candidateId)));
    const shares = seen.map(({ share }) => share);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(await getSpeed(db, 'e')).toEqual(result);
    await deleteExperiment(db, 'e');
    await purgeExperiment(db, 'e');
    expect(await db.count('speeds')).toBe(0);
  });

  it('measures the other models if one was deleted, and says why one is missing', async () => {
    const { db, candidates } = await given();
    const [first] = candidates;
    if (first?.kind !== 'base') throw new Error('no base model');
    const gone = { ...first, model: { ...first.model, contentSha256: '9'.repeat(64) } };
    const { result } = await measured(db, [gone, first]);
    expect(result?.models.map(({ id }) => id)).toEqual([candidateId(first)]);
    expect(result?.failures).toMatchObject([{ id: candidateId(gone), error: { kind: 'model-missing' } }]);
  });

  it('measures speed also without dev questions, and says why nothing was answered', async () => {
    const { db, candidates } = await given();
    const stored = await getExperiment(db, 'e');
    if (!stored) throw new Error('no experiment');
    const { experiment } = stored;
    const data = experiment.data.filter(({ role }) => role !== 'questions' && role !== 'pairs');
    await db.put('experiments', { ...stored, experiment: { ...experiment, data } });
    const { result } = await measured(db, candidates);
    expect(result?.questions).toBeNull();
    expect(result?.questionsError).toMatchObject({ kind: 'nothing-to-evaluate', part: 'dev' });
    expect(result?.models.map(({ forms }) => forms)).toEqual([null, null]);
  });

  it('keeps an earlier result if it is cancelled while models are encoding, and its own speeds if later', async () => {
    const { db, candidates } = await given();
    const { result: earlier } = await measured(db, candidates);
    const during = (what: SpeedProgress['what']) => (one: SpeedProgress, control: RunControl) => {
      if (one.what === what) control.cancel();
    };
    expect((await measured(db, candidates, during('encode'))).error).toBe('cancelled');
    expect(await getSpeed(db, 'e')).toEqual(earlier);
    expect((await measured(db, candidates, during('questions'))).error).toBe('cancelled');
    const later = await getSpeed(db, 'e');
    expect(later).toMatchObject({ incomplete: true, questions: null, questionsError: null });
    expect(later?.searches).toHaveLength(2);
    expect(later?.createdAt).toBeGreaterThanOrEqual(earlier?.createdAt ?? Infinity);
  });

  it('frees a model that runs out of memory, opens the device again, and measures the others in all rounds', async () => {
    const { db, candidates } = await given();
    const [first, second] = candidates.map(candidateId);
    const engines = new Set<Engine>();
    const seen = { first: 0, live: [] as number[] };
    const { result } = await measured(db, candidates, ({ what, id }) => {
      if (what !== 'encode') return;
      const engine = deviceEngine();
      engines.add(engine);
      if (id === first && ++seen.first === 3) throw new AppError({ kind: 'gpu-out-of-memory' });
      if (id === second) seen.live.push(engine.pool.liveArrays);
    });
    expect(result?.failures).toMatchObject([{ id: first, error: { kind: 'gpu-out-of-memory' } }]);
    expect(result?.models.map(({ id, encoding }) => [id, encoding.map((one) => one.textsPerSecond.rounds)])).toEqual([
      [second, [2, 2]],
    ]);
    expect(result?.models[0]?.forms).toHaveLength(2);
    expect(engines.size).toBe(2);
    // In the first round the weights of both models are loaded, afterwards only those of one.
    const [both = 0, , one = 0] = seen.live;
    expect(both).toBe(2 * one);
  });

  it('frees a model that fails for another reason, and keeps the device', async () => {
    const { db, candidates } = await given();
    const [first, second] = candidates.map(candidateId);
    const live: number[] = [];
    let seen = 0;
    const { result } = await measured(db, candidates, ({ what, id }) => {
      if (what !== 'encode') return;
      if (id === first && ++seen === 3) throw new Error('failed');
      if (id === second) live.push(deviceEngine().pool.liveArrays);
    });
    expect(result?.failures.map(({ id }) => id)).toEqual([first]);
    const [both = 0, , one = 0] = live;
    expect(both).toBe(2 * one);
  });

  it('keeps an earlier result if every model fails', async () => {
    const { db, candidates } = await given();
    const { result: earlier } = await measured(db, candidates);
    const { result } = await measured(db, candidates, ({ what }) => {
      if (what === 'load') throw new AppError({ kind: 'gpu-out-of-memory' });
    });
    expect(result).toMatchObject({ models: [], incomplete: true });
    expect(result?.failures).toHaveLength(2);
    expect(await getSpeed(db, 'e')).toEqual(earlier);
  });

  it('leaves out a search that runs out of memory, and goes on with the others on a new device', async () => {
    const { db, candidates } = await given();
    const engines = new Set<Engine>();
    let searches = 0;
    const { result } = await measured(db, candidates, ({ what, size }) => {
      if (what !== 'search') return;
      engines.add(deviceEngine());
      if (size === 40 && ++searches === 3) throw new AppError({ kind: 'gpu-out-of-memory' });
    });
    expect(result?.failedSearches).toEqual([{ dimension: 8, passages: 40, error: { kind: 'gpu-out-of-memory' } }]);
    expect(result?.searches.map(({ passages, ms }) => [passages, ms.rounds])).toEqual([[90, 2]]);
    expect(result).toMatchObject({ incomplete: false, failures: [] });
    expect(engines.size).toBe(2);
  });

  it('stores nothing once its experiment is deleted', async () => {
    const { db, candidates } = await given();
    const { result } = await measured(db, candidates);
    if (!result) throw new Error('no result');
    await db.delete('experiments', 'e');
    await expect(putSpeed(db, 'e', result)).rejects.toMatchObject({ details: { kind: 'not-found' } });
  });
});

describe('the retrieval that forms of vectors keep', () => {
  it('equals that of a loop over the cut or quantised passages', async () => {
    const [width, count] = [70, 60];
    const random = seededRandom(3);
    const draw = (rows: number) =>
      vectorsInOnePiece(
        Float32Array.from({ length: rows * width }, () => random() - 0.5),
        width,
      );
    const vectors = { questions: draw(9), passages: draw(count) };
    const passages = Array.from({ length: count }, (_, i) => ({ id: `p${i}`, text: '' }));
    const questions = Array.from({ length: 9 }, (_, i) => ({
      id: `q${i}`,
      text: '',
      relevant: [`p${i}`, `p${3 * i}`],
    }));
    const order = passageOrder(passages);
    const { db } = await given();
    const experiment = (await getExperiment(db, 'e'))?.experiment;
    if (!experiment) throw new Error('no experiment');
    const engine = await openWasmEngine(wasmBase, 1);
    const data = { questions, order, experiment };
    const found = await measureForms(engine, vectors, data, () => Promise.resolve());
    expect(engine.pool.liveArrays).toBe(0);
    expect(found.map(({ form }) => form.dimensions)).toEqual([70, 70, 64, 64]);
    for (const { form, ...figures } of found) {
      const stored = passagesInForm(vectors.passages, form);
      const row = (of: typeof stored, at: number): number[] => {
        const values = new Float32Array(of.width);
        of.copyRow(at, values, 0);
        return [...values];
      };
      const ranks = questions.map((question, q) => {
        const query = row(vectors.questions, q).slice(0, form.dimensions);
        const scores = Array.from(order.inOrder, (index) =>
          row(stored, index).reduce((sum, value, i) => sum + value * (query[i] ?? 0), 0),
        );
        return relevantPlaces(question, order)
          .map((place) => 1 + scores.filter((score) => score > (scores[place] ?? 0)).length)
          .sort((a, b) => a - b);
      });
      const mean = (metric: (of: number[]) => number): number =>
        ranks.reduce((sum, own) => sum + metric(own), 0) / ranks.length;
      expect(figures.hitRateAt1).toBeCloseTo(
        mean((own) => hitRateAtK(own, 1)),
        12,
      );
      expect(figures.recallAt10).toBeCloseTo(
        mean((own) => recallAtK(own, 10)),
        12,
      );
      expect(figures.mrrAt10).toBeCloseTo(
        mean((own) => mrrAtK(own, 10)),
        12,
      );
    }
    expect(found.map(({ recallChange }) => recallChange === null)).toEqual([true, false, false, false]);
  });
});
