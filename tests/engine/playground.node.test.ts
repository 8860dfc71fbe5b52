import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { rankByKeywords } from '../../src/domain/evaluate/keywordSearch';
import { candidateId, type PlaygroundCandidate } from '../../src/domain/evaluate/candidate';
import type { ExperimentModel } from '../../src/domain/experiment';
import { listComparisons } from '../../src/storage/comparisons';
import type { Database } from '../../src/storage/database';
import { listCandidates } from '../../workers/services/evaluate/listCandidates';
import { comparedData } from '../../workers/services/evaluate/comparedData';
import { compareModels } from '../../workers/services/evaluate/compareModels';
import { searchByCandidates } from '../../workers/services/evaluate/playground';
import { closeWarmDevice } from '../../workers/services/evaluate/warmModels';
import * as keptVectors from '../../workers/services/evaluate/keptVectors';
import * as openDevice from '../../workers/services/device/openDevice';
import * as transfer from '../../workers/services/train/weightTransfer';
import { RunControl } from '../../workers/services/train/runControl';
import { AppError } from '../../src/domain/errors';
import { WasmCommands } from '../../workers/engine/wasm/wasmCommands';
import { wasmBase } from './environment';
import { prepared, storeModel } from './smallRun';
import { testDeviceLiveArrays } from './testDevice';

const keywords: PlaygroundCandidate = { kind: 'keywords' };
const common = { control: new RunControl(), device: 'wasm' as const, wasmBaseUrl: wasmBase, ortBaseUrl: '' };
afterEach(() => {
  closeWarmDevice();
  vi.restoreAllMocks();
});

async function given(): Promise<{ db: Database; base: { kind: 'base'; model: ExperimentModel } }> {
  const { db } = await prepared({}, { passages: 30 });
  const found = (await listCandidates(db, 'e')).find(({ candidate }) => candidate.kind === 'base')?.candidate;
  if (found?.kind !== 'base') throw new Error('no base model');
  return { db, base: found };
}

/** Stores a further model for each letter of `letters` and returns them as candidates. */
async function others(
  db: Database,
  { model }: { model: ExperimentModel },
  letters: string,
): Promise<PlaygroundCandidate[]> {
  return Promise.all(
    [...letters].map(async (letter, seed): Promise<PlaygroundCandidate> => {
      const contentSha256 = letter.repeat(64);
      await storeModel(db, { contentSha256, seed: seed + 9 });
      return { kind: 'base', model: { ...model, contentSha256 } };
    }),
  );
}

async function ask(db: Database, candidates: readonly PlaygroundCandidate[], question: string, encode = true) {
  const progress = vi.fn();
  const request = { base: { experimentId: 'e' }, candidates, question, encode };
  const result = await searchByCandidates(request, { ...common, db, progress });
  const tops = result.answers.map((answer) => (answer.kind === 'found' ? answer.top : answer.kind));
  return { ...result, tops, encoded: progress.mock.calls.some(([what]) => what === 'passages') };
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

  it('answers on one side although the other fails, and after a third model was chosen', async () => {
    const { db, base } = await given();
    const [second, third] = await others(db, base, 'f8');
    if (!second || !third) throw new Error('no models');
    const gone: PlaygroundCandidate = { kind: 'base', model: { ...base.model, contentSha256: '9'.repeat(64) } };
    const [first] = (await ask(db, [base], 'w1')).tops;
    expect((await ask(db, [gone, base], 'w1')).answers).toMatchObject([
      { kind: 'failed', error: { kind: 'model-missing' } },
      { kind: 'found' },
    ]);
    await ask(db, [second, third], 'w1');
    expect((await ask(db, [base], 'w1')).tops).toEqual([first]);
    expect(candidateId(base)).not.toBe(candidateId(second));
  });

  it('frees a model before it loads a third one', async () => {
    const { db, base } = await given();
    const [second, third] = await others(db, base, 'f8');
    if (!second || !third) throw new Error('no models');
    await ask(db, [base, second], 'w1');
    const two = testDeviceLiveArrays();
    const { loadWeights } = transfer;
    const live: number[] = [];
    vi.spyOn(transfer, 'loadWeights').mockImplementation((...given) => {
      live.push(testDeviceLiveArrays());
      return loadWeights(...given);
    });
    await ask(db, [third], 'w1');
    expect(live).toHaveLength(1);
    expect(live[0]).toBeLessThan(two);
    expect(testDeviceLiveArrays()).toBe(two);
  });

  it('keeps the most recently used vectors in memory', async () => {
    const { db, base } = await given();
    const [second, third] = await others(db, base, 'f8');
    if (!second || !third) throw new Error('no models');
    for (const candidate of [base, second, base, third]) await ask(db, [candidate], 'w1');
    const read = vi.spyOn(keptVectors, 'readVectors');
    await ask(db, [base], 'w1');
    expect(read).not.toHaveBeenCalled();
    await ask(db, [second], 'w1');
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('opens the device again after it has run out of memory', async () => {
    const { db, base } = await given();
    const [first] = (await ask(db, [base], 'w1')).tops;
    const opened = vi.spyOn(openDevice, 'openDevice');
    const error = new AppError({ kind: 'gpu-out-of-memory' });
    vi.spyOn(WasmCommands.prototype, 'read').mockRejectedValueOnce(error);
    expect((await ask(db, [base], 'w1')).answers).toEqual([{ kind: 'failed', error: error.details }]);
    expect((await ask(db, [base], 'w1')).tops).toEqual([first]);
    expect(opened).toHaveBeenCalledTimes(1);
  });

  it('can be cancelled before a candidate is asked, also if nothing has to be encoded', async () => {
    const { db } = await given();
    const control = new RunControl();
    control.cancel();
    const request = { base: { experimentId: 'e' }, candidates: [keywords], question: 'w1', encode: false };
    const asked = searchByCandidates(request, { ...common, control, db, progress: () => undefined });
    await expect(asked).rejects.toMatchObject({ details: { kind: 'cancelled' } });
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
