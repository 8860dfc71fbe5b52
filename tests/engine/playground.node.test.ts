import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { rankByKeywords } from '../../src/domain/evaluate/keywordSearch';
import { candidateId, type Candidate, type DenseCandidate } from '../../src/domain/evaluate/candidate';
import { listComparisons } from '../../src/storage/comparisons';
import type { Database } from '../../src/storage/database';
import { listCandidates } from '../../workers/services/evaluate/candidates';
import { comparedData } from '../../workers/services/evaluate/comparedData';
import { compareModels } from '../../workers/services/evaluate/compareModels';
import { searchByCandidates } from '../../workers/services/evaluate/playground';
import { closeWarmDevice } from '../../workers/services/evaluate/warmModels';
import * as openDevice from '../../workers/services/device/openDevice';
import { RunControl } from '../../workers/services/train/runControl';
import { wasmBase } from './environment';
import { prepared, storeModel } from './smallRun';

const keywords: Candidate = { kind: 'keywords' };
const common = { control: new RunControl(), device: 'wasm' as const, wasmBaseUrl: wasmBase };
afterEach(() => {
  closeWarmDevice();
  vi.restoreAllMocks();
});

async function given(): Promise<{ db: Database; base: DenseCandidate }> {
  const { db } = await prepared({}, { passages: 30 });
  const found = (await listCandidates(db, 'e')).find(({ candidate }) => candidate.kind === 'base')?.candidate;
  if (found?.kind !== 'base') throw new Error('no base model');
  return { db, base: found };
}

async function ask(db: Database, candidates: readonly Candidate[], question: string, encode = true) {
  const progress = vi.fn();
  const request = { base: { experimentId: 'e' }, candidates, question, encode };
  const result = await searchByCandidates(request, { ...common, db, progress });
  const tops = result.answers.map((answer) => (answer.kind === 'found' ? answer.top : answer.kind));
  return { ...result, tops, encoded: progress.mock.calls.length > 0 };
}

describe('the playground', () => {
  it('finds what a comparison finds for the same question, with vectors that the comparison has stored', async () => {
    const { db, base } = await given();
    const reports = { progress: () => undefined, ended: () => undefined };
    await compareModels({ experimentId: 'e', part: 'dev', candidates: [base] }, { ...common, ...reports, db });
    const [compared] = await listComparisons(db, 'e');
    const { passages, questions } = await comparedData(db, { experimentId: 'e' }, 'dev');
    const byKeywords = await rankByKeywords(passages, questions, 5, () => undefined);
    for (const [i, { text }] of questions.entries()) {
      const { tops, encoded } = await ask(db, [base, keywords], text, false);
      expect(encoded).toBe(false);
      const expected = [compared?.results[i], byKeywords[i]?.result].map((one) => one?.top.slice(0, 5) ?? []);
      expect(tops).toMatchObject(
        expected.map((top) => top.map(({ passageId, score }, at) => ({ id: passageId, score, rank: at + 1 }))),
      );
    }
  });

  it('encodes passages only on request, keeps them, and leaves the device open for the next question', async () => {
    const { db, base } = await given();
    const opened = vi.spyOn(openDevice, 'openDevice');
    expect((await ask(db, [base, keywords], 'w1 w2', false)).tops[0]).toBe('not-encoded');
    expect((await ask(db, [base], 'w1 w2')).encoded).toBe(true);
    expect((await ask(db, [base], 'w3')).encoded).toBe(false);
    expect(opened).toHaveBeenCalledTimes(1);
    expect(await db.count('vectorSets')).toBe(1);
    // Another job closes the device; the next question opens it again.
    openDevice.closeDevice();
    expect((await ask(db, [base], 'w3', false)).tops[0]).toHaveLength(5);
    expect(opened).toHaveBeenCalledTimes(2);
  });

  it('answers with one side although the other fails, and after a third model was chosen', async () => {
    const { db, base } = await given();
    if (base.kind !== 'base') throw new Error('no base model');
    const other = (letter: string): Candidate => {
      return { kind: 'base', model: { ...base.model, contentSha256: letter.repeat(64) } };
    };
    await storeModel(db, { contentSha256: 'f'.repeat(64), seed: 9 });
    await storeModel(db, { contentSha256: '8'.repeat(64), seed: 10 });
    const [first] = (await ask(db, [base], 'w1')).tops;
    expect((await ask(db, [other('9'), base], 'w1')).answers).toMatchObject([
      { kind: 'failed', error: { kind: 'model-missing' } },
      { kind: 'found' },
    ]);
    await ask(db, [other('f'), other('8')], 'w1');
    expect((await ask(db, [base], 'w1')).tops).toEqual([first]);
    expect(candidateId(base)).not.toBe(candidateId(other('f')));
  });

  it('can be cancelled while passages are encoded', async () => {
    const { db, base } = await given();
    const control = new RunControl();
    const request = { base: { experimentId: 'e' }, candidates: [base], question: 'w1', encode: true };
    const cancelled = searchByCandidates(request, { ...common, control, db, progress: () => control.cancel() });
    await expect(cancelled).rejects.toMatchObject({ details: { kind: 'cancelled' } });
    expect(await db.count('vectorSets')).toBe(0);
  });
});
