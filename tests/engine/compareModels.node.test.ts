import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import { candidateId, type Candidate } from '../../src/domain/evaluate/candidate';
import { fuseRankings } from '../../src/domain/evaluate/fuseRankings';
import { rankByKeywords } from '../../src/domain/evaluate/keywordSearch';
import type { AppErrorDetails } from '../../src/domain/errors';
import type { ExperimentModel } from '../../src/domain/experiment';
import type { QuestionPart } from '../../src/domain/records';
import type { CompareProgress } from '../../src/protocol/compareApi';
import type { Database } from '../../src/storage/database';
import { deleteExperiment, purgeExperiment } from '../../src/storage/deletedExperiments';
import { getExperiment } from '../../src/storage/experiments';
import { getModel, putModel } from '../../src/storage/models';
import { listCandidates } from '../../workers/services/evaluate/listCandidates';
import { comparedData } from '../../workers/services/evaluate/comparedData';
import { comparedPart, comparedPassages, tableOf } from '../../workers/services/evaluate/comparedPart';
import { compareModels } from '../../workers/services/evaluate/compareModels';
import { searchPassages } from '../../workers/services/evaluate/searchPassages';
import { storageUse } from '../../workers/services/storage/storageUse';
import { RunControl } from '../../workers/services/train/runControl';
import { wasmBase } from './environment';
import { carriedOut } from './losingRun';
import { prepared, storeModel } from './smallRun';

const keywords: Candidate = { kind: 'keywords' };

/** Compares candidates on dev or test. Returns the error of each candidate that ended, and all progress reports. */
async function compare(
  db: Database,
  candidates: readonly Candidate[],
  {
    part = 'dev',
    control = new RunControl(),
    onProgress = () => undefined,
  }: { part?: QuestionPart; control?: RunControl; onProgress?: (progress: CompareProgress) => void } = {},
) {
  const ended = new Map<string, AppErrorDetails | null>();
  const seen: CompareProgress[] = [];
  const work = compareModels(
    { experimentId: 'e', part, candidates },
    {
      db,
      control,
      device: 'wasm',
      wasmBaseUrl: wasmBase,
      ortBaseUrl: '',
      progress: (progress) => {
        seen.push(progress);
        onProgress(progress);
      },
      ended: (id, error) => ended.set(id, error),
    },
  );
  const failure = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return { ended, seen, failure, encoded: (what: CompareProgress['what']) => seen.some((one) => one.what === what) };
}

async function given(passages = 30) {
  const { db } = await prepared({}, { passages });
  const options = await listCandidates(db, 'e');
  const base = options.find(({ candidate }) => candidate.kind === 'base')?.candidate;
  if (base?.kind !== 'base') throw new Error('no base model');
  const fused: Candidate = { kind: 'fused', dense: base };
  return { db, options, base, fused };
}

describe('a comparison of models before any training', () => {
  it('ranks like a search for each question, and its fused candidate fuses these ranks with those of the keywords', async () => {
    const { db, base, fused } = await given();
    const { ended, failure } = await compare(db, [keywords, base, fused]);
    expect(failure).toBeNull();
    expect([...ended]).toEqual([keywords, base, fused].map((one) => [candidateId(one), null]));
    const { questions, models, passages, leftOut, testUses } = await comparedPart(db, 'e', 'dev');
    expect([models.length, leftOut, testUses]).toEqual([3, 0, 0]);
    const data = await comparedData(db, { experimentId: 'e' }, 'dev');
    expect(passages).toBe(data.passages.length);
    const byKeywords = await rankByKeywords(data.passages, questions, 100, () => undefined);
    const resultsOf = (candidate: Candidate) => models.find(({ id }) => id === candidateId(candidate))?.results ?? [];
    expect(resultsOf(keywords)).toEqual(byKeywords.map(({ result }) => result));
    const knowledgeBase = data.experiment.data.find(({ role }) => role === 'knowledgeBase')?.contentSha256 ?? '';
    for (const [i, question] of questions.slice(0, 3).entries()) {
      const relevant = question.relevant;
      const request = { knowledgeBase, model: base.model, question: question.text, relevant };
      const deps = { db, control: new RunControl(), device: 'wasm' as const, wasmBaseUrl: wasmBase };
      const { top } = await searchPassages(request, { ...deps, progress: () => undefined });
      const own = resultsOf(base)[i];
      expect(own?.top.slice(0, 5).map(({ passageId }) => passageId)).toEqual(top.map(({ id }) => id));
    }
    const ranking = (i: number) =>
      resultsOf(base)[i]?.top.map(({ passageId }) => data.order.indexOf.get(passageId) ?? 0);
    // Only a model's first ten passages are stored, so compare only the first place.
    questions.forEach((question, i) => {
      const { top } = fuseRankings([ranking(i) ?? [], byKeywords[i]?.ranking ?? []], question, data.order);
      expect(resultsOf(fused)[i]?.top[0]).toEqual(top[0]);
    });
    const table = await tableOf(db, {
      experimentId: 'e',
      part: 'dev',
      ids: [keywords, base, fused].map(candidateId),
      baselineId: candidateId(base),
      k: 3,
    });
    expect(table.questions).toBe(questions.length);
    expect(table.rows[1]?.cells['hitRate@3']?.baseline).toBeNull();
    expect(table.rows[2]?.cells['hitRate@3']?.baseline).not.toBeNull();
    const [first] = questions;
    const found = await comparedPassages(db, { experimentId: 'e' }, 'dev', [first?.relevant[0] ?? '', 'gone']);
    expect(found.map(({ id }) => id)).toEqual([first?.relevant[0]]);
  });

  it('reads the results of a model from storage once, however often the table is asked for', async () => {
    const { db, base } = await given();
    await compare(db, [keywords, base]);
    const reads = vi.spyOn(IDBObjectStore.prototype, 'get');
    const lists = vi.spyOn(IDBObjectStore.prototype, 'getAll');
    const counted = ({ mock }: { mock: { contexts: unknown[] } }): number =>
      mock.contexts.filter((store) => (store as IDBObjectStore).name === 'comparisons').length;
    for (let k = 1; k < 4; k++) {
      await comparedPart(db, 'e', 'dev');
      await tableOf(db, { experimentId: 'e', part: 'dev', ids: [candidateId(base)], baselineId: candidateId(base), k });
    }
    expect([counted(reads), counted(lists)]).toEqual([2, 0]);
    vi.restoreAllMocks();
  });

  it('encodes passages once: another part reuses their vectors, and finished candidates are skipped', async () => {
    const { db, base } = await given();
    const first = await compare(db, [base]);
    expect(first.encoded('passages')).toBe(true);
    const again = await compare(db, [base]);
    expect([...again.ended.values()]).toEqual([null]);
    expect(again.seen).toEqual([]);
    const onTest = await compare(db, [base], { part: 'test' });
    expect([onTest.encoded('questions'), onTest.encoded('passages')]).toEqual([true, false]);
    const { models, testUses } = await comparedPart(db, 'e', 'test');
    expect(models.map(({ passagesPerSecond }) => passagesPerSecond)).toEqual([null]);
    expect(testUses).toBe(1);
    const item = (await storageUse(db)).find(({ kind }) => kind === 'vectorSet');
    expect(item).toMatchObject({ name: 'tiny', usedBy: [] });
    expect(item?.ids).toHaveLength(3);
    expect(item?.bytes).toBeGreaterThan(0);
  });

  it('computes vectors again if their stored bytes are damaged', async () => {
    const { db, base } = await given();
    await compare(db, [base]);
    const before = (await comparedPart(db, 'e', 'dev')).models;
    for (const set of await db.getAll('vectorSets')) await db.put('vectorSets', { ...set, hashes: ['0'.repeat(64)] });
    await db.clear('comparisons');
    const { encoded } = await compare(db, [base]);
    expect(encoded('passages')).toBe(true);
    const after = (await comparedPart(db, 'e', 'dev')).models;
    expect(after.map(({ results }) => results)).toEqual(before.map(({ results }) => results));
  });

  it('can be cancelled, keeps the finished models and continues with the next one', async () => {
    const { db, base } = await given();
    await storeModel(db, { contentSha256: 'f'.repeat(64), seed: 9 });
    const other: Candidate = { kind: 'base', model: { ...base.model, contentSha256: 'f'.repeat(64) } };
    const control = new RunControl();
    const onProgress = ({ id, what }: CompareProgress) => {
      if (id === candidateId(other) && what === 'load') control.cancel();
    };
    const { ended, failure } = await compare(db, [keywords, base, other], { control, onProgress });
    expect(failure).toMatchObject({ details: { kind: 'cancelled' } });
    expect([...ended.keys()]).toEqual([keywords, base].map(candidateId));
    const rest = await compare(db, [keywords, base, other]);
    expect(new Set(rest.seen.map(({ id }) => id))).toEqual(new Set([candidateId(other)]));
    expect((await comparedPart(db, 'e', 'dev')).models).toHaveLength(3);
  });

  it('names the model that was deleted and the one whose weights are not finite, and compares the others', async () => {
    const { db, base } = await given();
    const settings = (letter: string): ExperimentModel => ({ ...base.model, contentSha256: letter.repeat(64) });
    await storeModel(db, { contentSha256: 'f'.repeat(64), seed: 9 });
    const broken = await getModel(db, 'f'.repeat(64));
    if (!broken) throw new Error('no model');
    const nan = new Float32Array(broken.totalFloats).fill(NaN);
    await db.put('weightParts', { weightsId: 'nan', part: 0, bytes: new Blob([nan]) });
    await putModel(db, { ...broken, weightsId: 'nan' });
    const [gone, notFinite] = ['9', 'f'].map((letter): Candidate => ({ kind: 'base', model: settings(letter) }));
    if (!gone || !notFinite) throw new Error('no candidates');
    const { ended, failure } = await compare(db, [gone, notFinite, base]);
    expect(failure).toBeNull();
    expect(ended.get(candidateId(gone))).toMatchObject({ kind: 'model-missing' });
    expect(ended.get(candidateId(notFinite))).toMatchObject({ kind: 'vectors-not-finite' });
    expect(ended.get(candidateId(base))).toBeNull();
    expect((await comparedPart(db, 'e', 'dev')).models).toHaveLength(1);
  });

  it.each([
    ['all weights', [{}]],
    ['a prefix of new tokens', [{}, { strategy: { kind: 'prefix', tokens: 2, side: 'queries' } }]],
  ] as const)('ranks with the kept weights of a run that trained %s as the run itself does', async (_what, stages) => {
    const evaluation = { devEverySteps: 2, checkpoint: 'bestDev' } as const;
    const { db, record } = await carriedOut(() => false, evaluation, { stages, passages: 40 });
    const options = (await listCandidates(db, 'e')).filter(({ run }) => run !== null);
    expect(options[0]).toMatchObject({ run: { best: true, step: record?.keptStep, experiment: null } });
    expect(options[0]?.run?.canBlend).toBe(stages.length === 1);
    const [kept] = options.map(({ candidate }) => candidate);
    if (!kept) throw new Error('no run to compare');
    await compare(db, [kept], { part: 'test' });
    const [model] = (await comparedPart(db, 'e', 'test')).models;
    const after = (await db.getAll('evaluations')).find(({ part, moment }) => part === 'test' && moment === 'after');
    expect(model?.results).toEqual(after?.results);
    // The run is not offered to another experiment with other data, because it may have been trained on the questions.
    const stored = await getExperiment(db, 'e');
    if (!stored) throw new Error('no experiment');
    const other = { ...stored, experimentId: 'other', experiment: { ...stored.experiment, seed: 99 } };
    await db.put('experiments', other);
    expect((await listCandidates(db, 'other')).filter(({ run }) => run !== null)).toEqual([]);
    await db.put('experiments', { ...other, experiment: stored.experiment });
    expect((await listCandidates(db, 'other')).find(({ run }) => run !== null)?.run?.experiment).toBe('e');
  });

  it('is deleted with its experiment, and hidden if the questions change', async () => {
    const { db } = await given();
    await compare(db, [keywords]);
    const stored = await getExperiment(db, 'e');
    if (!stored) throw new Error('no experiment');
    await db.put('experiments', { ...stored, experiment: { ...stored.experiment, seed: 99 } });
    expect((await comparedPart(db, 'e', 'test')).models).toEqual([]);
    await deleteExperiment(db, 'e');
    expect(await db.count('comparisons')).toBe(1);
    await purgeExperiment(db, 'e');
    expect(await db.count('comparisons')).toBe(0);
  });
});
