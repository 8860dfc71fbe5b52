import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { GpuApi } from '../../../src/protocol/gpuApi';
import type { SearchDeps } from '../../../workers/services/evaluate/searchPassages';
import type { RunControl } from '../../../workers/services/train/runControl';
import type { SearchRequest } from '../../../src/protocol/search';

/** Replaces every kind of job. A job stays pending until `finishAll` is called. */
const { work } = vi.hoisted(() => {
  const waiting: (() => void)[] = [];
  const begin = vi.fn(() => new Promise<never[]>((resolve) => waiting.push(() => resolve([]))));
  return { work: { begin, finishAll: () => waiting.splice(0).forEach((finish) => finish()) } };
});
/** Keys of the devices whose check was stored. */
const stored = vi.hoisted((): string[] => []);
const searched = vi.hoisted((): { control?: RunControl } => ({}));
const exposed = vi.hoisted((): { api?: unknown } => ({}));
vi.mock('comlink', () => ({ expose: (api: unknown) => (exposed.api = api), transferHandlers: new Map() }));
vi.mock('../../../src/storage/database', () => ({ openDatabase: () => Promise.resolve({}) }));
vi.mock('../../../src/storage/sweep', () => ({ sweepOrphanWeights: () => Promise.resolve() }));
vi.mock('../../../workers/services/train/createRun', () => ({}));
vi.mock('../../../workers/services/benchmark/expectedWork', () => ({}));
vi.mock('../../../workers/services/benchmark/benchmarkDevice', () => ({ benchmarkDevice: work.begin }));
vi.mock('../../../workers/services/deviceCheck/checkDevice', () => ({ checkDevice: work.begin }));
vi.mock('../../../src/storage/deviceChecks', () => ({
  listDeviceChecks: () => Promise.resolve(new Map()),
  putDeviceCheck: (_db: object, key: string) => Promise.resolve(stored.push(key)),
}));
vi.mock('../../../workers/services/report/encodeWithWeights', () => ({ encodeWithWeights: work.begin }));
vi.mock('../../../workers/services/evaluate/searchPassages', () => ({
  searchPassages: (_request: SearchRequest, { control }: SearchDeps) => {
    searched.control = control;
    return work.begin();
  },
}));
vi.mock('../../../workers/services/train/runExperiment', () => ({ runExperiment: work.begin }));
vi.stubGlobal('navigator', {
  userAgent: 'node',
  locks: {
    request: (_name: string, _options: object, granted: (lock: object) => Promise<void>) => granted({}),
    query: () => Promise.resolve({ held: [] }),
  },
});
vi.stubGlobal('__BUILD__', 'test');
await import('../../../workers/gpu.worker');
const api = exposed.api as GpuApi;

const jobs = {
  run: () => api.startRun('r', () => undefined),
  benchmark: () => api.benchmark({ shapes: ['demo'], device: 'wasm', budgetBytes: null, brief: true }, () => undefined),
  check: () => api.checkDevice('wasm', () => undefined),
  export: () => api.encodeTexts({ runId: 'r' }, [[1]]),
  search: () => api.searchPassages({} as SearchRequest, 'wasm', () => undefined),
};
const names = ['run', 'benchmark', 'check', 'export', 'search'] as const;
const pairs = names.flatMap((first) => names.map((second) => [first, second] as const));

beforeEach(() => {
  work.begin.mockClear();
});

describe('the GPU worker', () => {
  it.each(pairs)('refuses a second job as busy until the first has ended: %s, then %s', async (first, second) => {
    const earlier = jobs[first]();
    await expect(jobs[second]()).rejects.toMatchObject({ details: { kind: 'device-busy', job: first } });
    await vi.waitFor(() => expect(work.begin).toHaveBeenCalledTimes(1));
    work.finishAll();
    await earlier;
    const later = jobs[second]();
    await vi.waitFor(() => expect(work.begin).toHaveBeenCalledTimes(2));
    work.finishAll();
    await later;
  });

  it('accepts a new job after one that failed', async () => {
    work.begin.mockRejectedValueOnce(new Error('lost'));
    await expect(jobs.export()).rejects.toThrow('lost');
    const run = jobs.run();
    await vi.waitFor(() => expect(work.begin).toHaveBeenCalledTimes(2));
    work.finishAll();
    await run;
  });

  it('cancels a search in progress, and nothing else', async () => {
    const searching = jobs.search();
    await vi.waitFor(() => expect(work.begin).toHaveBeenCalledTimes(1));
    await api.cancelBenchmark();
    await expect(searched.control?.checkpoint()).resolves.toBeUndefined();
    await api.cancelSearch();
    await expect(searched.control?.checkpoint()).rejects.toMatchObject({ details: { kind: 'cancelled' } });
    work.finishAll();
    await searching;
    await expect(api.cancelSearch()).resolves.toBeUndefined();
  });

  it('pauses only the current run, and ignores a cancel if no benchmark is running', async () => {
    const run = jobs.run();
    await expect(api.pauseRun('another')).rejects.toMatchObject({ details: { kind: 'not-found', id: 'another' } });
    await api.cancelBenchmark();
    await api.pauseRun('r');
    await vi.waitFor(() => expect(work.begin).toHaveBeenCalledTimes(1));
    work.finishAll();
    await run;
    await expect(api.pauseRun('r')).rejects.toMatchObject({ details: { kind: 'not-found' } });
  });
});
