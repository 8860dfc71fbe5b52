import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import { answerAt } from '../../../src/domain/evaluate/answerAt';
import type { QuestionResult } from '../../../src/domain/evaluate/evaluation';
import { listComparisons, putComparison, usesOfPart } from '../../../src/storage/comparisons';
import { getRun } from '../../../src/storage/runs';
import { comparedPart } from '../../../workers/services/evaluate/comparedPart';
import { compareModels } from '../../../workers/services/evaluate/compareModels';
import { compareRun, compareWithKeywords } from '../../../workers/services/evaluate/compareRun';
import { RunControl } from '../../../workers/services/train/runControl';
import { demoRun, serveDemo } from './demoRun';

serveDemo();

describe('the comparison of a run', () => {
  it('is null until both evaluations are stored, then has one answer per cut-off', async () => {
    const { db, runId, store } = await demoRun();
    expect(await compareRun(db, runId, [1])).toBeNull();
    await store('before');
    expect(await compareRun(db, runId, [1])).toBeNull();
    await store('after');
    const answers = await compareRun(db, runId, [1, 3, 5]);
    expect(answers?.map(({ k, won, up }) => [k, won, up])).toEqual([
      [1, 0, 113],
      [3, 113, 0],
      [5, 0, 113],
    ]);
  });
});

describe('the keyword search for a run', () => {
  it('answers the test questions over the whole knowledge base and reports its progress to the end', async () => {
    const { db, runId, store } = await demoRun();
    await store('after');
    const progress = vi.fn();
    const { results, answers } = await compareWithKeywords(db, runId, [1, 10], progress);
    expect(results).toHaveLength(113);
    expect(progress).toHaveBeenLastCalledWith(288 + 113, 288 + 113);
    // Measured once, after checking the formula against bm25s.
    expect(answers.map(({ k, hitsBefore }) => [k, hitsBefore])).toEqual([
      [1, 41],
      [10, 70],
    ]);
    const after = results.map(({ questionId }): QuestionResult => ({ questionId, ranks: [2], top: [] }));
    expect(answers).toEqual([1, 10].map((k) => answerAt(results, after, k)));
  });

  it('is refused if the questions or the knowledge base were deleted', async () => {
    const { db, runId, store } = await demoRun();
    await store('after');
    await db.clear('datasets');
    await expect(compareWithKeywords(db, runId, [1], () => undefined)).rejects.toMatchObject({
      details: { kind: 'data-missing' },
    });
  });

  it('is refused if the knowledge base was deleted after an earlier search', async () => {
    const { db, runId, store } = await demoRun();
    await store('after');
    await compareWithKeywords(db, runId, [1], () => undefined);
    const knowledgeBase = (await db.getAll('datasets')).find(({ role }) => role === 'knowledgeBase');
    await db.delete('datasets', knowledgeBase?.contentSha256 ?? '');
    await expect(compareWithKeywords(db, runId, [1], () => undefined)).rejects.toMatchObject({
      details: { kind: 'data-missing', role: 'knowledgeBase' },
    });
  });

  it('is computed once: it is stored, but counts as a use of test only once models are compared there', async () => {
    const { db, runId, store } = await demoRun();
    await store('after');
    const first = await compareWithKeywords(db, runId, [1], () => undefined);
    const progress = vi.fn();
    expect(await compareWithKeywords(db, runId, [1], progress)).toEqual(first);
    expect(progress).not.toHaveBeenCalled();
    const { experimentId } = (await getRun(db, runId))!;
    expect(usesOfPart(await listComparisons(db, experimentId), 'test')).toBe(0);
    expect((await comparedPart(db, experimentId, 'test')).models).toEqual([]);
    const reports = { progress, ended: () => undefined };
    const deps = {
      db,
      control: new RunControl(),
      device: 'wasm' as const,
      wasmBaseUrl: '',
      ortBaseUrl: '',
      ...reports,
    };
    await compareModels({ experimentId, part: 'test', candidates: [{ kind: 'keywords' }] }, deps);
    expect(progress).not.toHaveBeenCalled();
    expect(usesOfPart(await listComparisons(db, experimentId), 'test')).toBe(1);
    expect((await comparedPart(db, experimentId, 'test')).models.map(({ results }) => results)).toEqual([
      first.results,
    ]);
  });

  it('is shown also if the disk has no room for it', async () => {
    const { db, runId, store } = await demoRun();
    await store('after');
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with `this` below
    const { put } = IDBObjectStore.prototype;
    const full = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
      this: IDBObjectStore,
      ...given
    ) {
      if (this.name === 'comparisons') throw new DOMException('full', 'QuotaExceededError');
      return Reflect.apply(put, this, given);
    });
    expect((await compareWithKeywords(db, runId, [1], () => undefined)).results).toHaveLength(113);
    expect(full).toHaveBeenCalled();
    full.mockRestore();
    expect(await db.count('comparisons')).toBe(0);
  });

  it('does not replace results of a comparison that were stored meanwhile', async () => {
    const { db, runId, store } = await demoRun();
    await store('after');
    const { experimentId } = (await getRun(db, runId))!;
    await compareWithKeywords(db, runId, [1], () => undefined);
    const [ofRun] = await listComparisons(db, experimentId);
    if (!ofRun) throw new Error('nothing stored');
    const { ofRun: _, ...compared } = ofRun;
    await putComparison(db, compared);
    await putComparison(db, ofRun);
    expect(usesOfPart(await listComparisons(db, experimentId), 'test')).toBe(1);
  });

  it('is refused before the evaluation after training, and for a run that was deleted', async () => {
    const { db, runId } = await demoRun();
    await expect(compareWithKeywords(db, runId, [1], () => undefined)).rejects.toMatchObject({
      details: { kind: 'nothing-to-evaluate', part: 'test' },
    });
    await expect(compareWithKeywords(db, 'gone', [1], () => undefined)).rejects.toMatchObject({
      details: { kind: 'not-found', what: 'run' },
    });
  });
});
