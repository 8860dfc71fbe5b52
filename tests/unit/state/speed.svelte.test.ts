import { beforeEach, expect, it, vi } from 'vitest';
import { candidateId, type EngineCandidate } from '../../../src/domain/evaluate/candidate';
import type { MeasuredModel, SpeedResult } from '../../../src/domain/evaluate/speed';
import { AppError } from '../../../src/domain/errors';
import type { ExperimentModel } from '../../../src/domain/experiment';
import type { CandidateOption } from '../../../src/protocol/compareApi';
import { en } from '../../../src/ui/i18n/en';

const stored = { result: null as SpeedResult | null, sha256: 'now', options: [] as CandidateOption[] };
const comparedSha256 = vi.fn<() => Promise<string>>();
const measureSpeed = vi.fn<() => Promise<SpeedResult>>();
vi.mock('../../../src/state/gateway', () => ({
  gateway: {
    data: () => Promise.resolve({ listCandidates: () => Promise.resolve(stored.options), comparedSha256 }),
    gpu: () => Promise.resolve({ measureSpeed }),
    getSpeed: () => Promise.resolve(stored.result),
  },
}));
vi.mock('../../../src/state/app.svelte', () => ({ app: { attempt: (work: () => Promise<void>) => work() } }));
vi.mock('../../../src/state/deviceJob.svelte', () => ({
  deviceJob: { during: (_job: string, work: () => Promise<unknown>) => work() },
}));
const { SpeedState } = await import('../../../src/state/speed.svelte');
const { measuredLabel } = await import('../../../src/ui/speed/measuredLabel');

const settings: ExperimentModel = {
  ...{ contentSha256: 'a'.repeat(64), pooling: 'mean', normalize: true, maxTokens: 128 },
  ...{ queryPrefix: '', passagePrefix: '' },
};
const base: EngineCandidate = { kind: 'base', model: settings };
const option = (candidate: EngineCandidate): CandidateOption => ({
  ...{ id: candidateId(candidate), candidate, name: 'tiny', settings, bytes: 1, dimension: 8 },
  ...{ ownBase: true, run: null },
});
const model: MeasuredModel = {
  ...{ id: candidateId(base), candidate: base, name: 'tiny', dimension: 8, encoding: [], tooLong: [], forms: null },
  sizes: { float32: 4, float16: 2, tokenizer: 1 },
};
const result: SpeedResult = {
  device: { backend: 'wasm', reason: 'wasm-chosen', adapter: null, threads: 2, simd: true },
  ...{ browser: 'b', build: 'c', createdAt: 1, models: [model], searches: [], skipped: [], failures: [] },
  ...{ questions: { questions: 3, passages: 9, sha256: 'now' }, questionsError: null, incomplete: false },
};

beforeEach(() => {
  Object.assign(stored, { result, sha256: 'now', options: [option(base)] });
  comparedSha256.mockImplementation(() => Promise.resolve(stored.sha256));
});

it('a stored measurement is on earlier data once the questions or passages have changed', async () => {
  const speed = new SpeedState('e');
  await speed.load();
  expect(speed.isOnEarlierData).toBe(false);
  stored.sha256 = 'later';
  await speed.load();
  expect(speed.isOnEarlierData).toBe(true);
});

it('a stored measurement is not said to be on earlier data if either data is unknown', async () => {
  stored.result = { ...result, questions: { questions: 3, passages: 9 } };
  const speed = new SpeedState('e');
  await speed.load();
  expect(speed.isOnEarlierData).toBe(false);
  stored.result = result;
  comparedSha256.mockRejectedValue(new AppError({ kind: 'nothing-to-evaluate', part: 'dev' }));
  await speed.load();
  expect(speed.isOnEarlierData).toBe(false);
});

it('a measurement in which every model fails shows the reasons and the earlier result', async () => {
  const failures = [{ id: model.id, name: 'tiny', error: { kind: 'gpu-out-of-memory' as const } }];
  measureSpeed.mockResolvedValueOnce({ ...result, models: [], failures, incomplete: true });
  const speed = new SpeedState('e');
  await speed.load();
  await speed.start();
  expect(speed.failures).toEqual(failures);
  expect(speed.result).toEqual(result);
  expect(speed.running).toBe(false);
  measureSpeed.mockResolvedValueOnce(result);
  await speed.start();
  expect(speed.failures).toEqual([]);
});

it('a cancelled measurement shows what is stored and no error, a failed one its error', async () => {
  const speed = new SpeedState('e');
  await speed.load();
  measureSpeed.mockRejectedValueOnce(new AppError({ kind: 'cancelled' }));
  await speed.start();
  expect([speed.error, speed.result]).toEqual([null, result]);
  measureSpeed.mockRejectedValueOnce(new AppError({ kind: 'gpu-out-of-memory' }));
  await speed.start();
  expect(speed.error).toEqual({ kind: 'gpu-out-of-memory' });
});

it('a measured model that has other settings now is told apart from one that was deleted', async () => {
  const detailOf = async (options: CandidateOption[]): Promise<string> => {
    stored.options = options;
    const speed = new SpeedState('e');
    await speed.load();
    return measuredLabel(en, model, speed.options, 'en').detail;
  };
  expect(await detailOf([option(base)])).toBe(en.compare.ownBase);
  const changed: EngineCandidate = { kind: 'base', model: { ...settings, pooling: 'cls' } };
  expect(await detailOf([option(changed)])).toBe(en.speed.otherSettings);
  expect(await detailOf([])).toBe(en.speed.gone);
});
