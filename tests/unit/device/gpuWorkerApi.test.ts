import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { GpuApi } from '../../../src/protocol/gpuApi';

/** Each kind of work, held until it is let go. */
const { work } = vi.hoisted(() => {
  const waiting: (() => void)[] = [];
  const begin = vi.fn(() => new Promise<never[]>((resolve) => waiting.push(() => resolve([]))));
  return { work: { begin, finishAll: () => waiting.splice(0).forEach((finish) => finish()) } };
});
const exposed = vi.hoisted((): { api?: unknown } => ({}));
vi.mock('comlink', () => ({ expose: (api: unknown) => (exposed.api = api), transferHandlers: new Map() }));
vi.mock('../../../src/storage/database', () => ({ openDatabase: () => Promise.resolve({}) }));
vi.mock('../../../src/storage/weights', () => ({ sweepOrphanWeights: () => Promise.resolve() }));
vi.mock('../../../workers/services/train/createRun', () => ({}));
vi.mock('../../../workers/services/benchmark/expectedWork', () => ({}));
vi.mock('../../../workers/services/benchmark/benchmarkDevice', () => ({ benchmarkDevice: work.begin }));
vi.mock('../../../workers/services/report/encodeWithWeights', () => ({ encodeWithWeights: work.begin }));
vi.mock('../../../workers/services/train/runExperiment', () => ({ runExperiment: work.begin }));
vi.stubGlobal('navigator', {
  userAgent: 'node',
  locks: {
    request: (_name: string, _options: object, granted: (lock: object) => Promise<void>) => granted({}),
    query: () => Promise.resolve({ held: [] }),
  },
});
await import('../../../workers/gpu.worker');
const api = exposed.api as GpuApi;

const jobs = {
  run: () => api.startRun('r', () => undefined),
  benchmark: () => api.benchmark({ shapes: ['demo'], device: 'wasm', budgetBytes: null, brief: true }, () => undefined),
  export: () => api.encodeTexts({ runId: 'r' }, [[1]]),
};
const names = ['run', 'benchmark', 'export'] as const;
const pairs = names.flatMap((first) => names.map((second) => [first, second] as const));

beforeEach(() => {
  work.begin.mockClear();
});

describe("the GPU worker's one device", () => {
  it.each(pairs)(
    'is kept while there is a job (%s): another (%s) is refused, and has it afterwards',
    async (first, second) => {
      const earlier = jobs[first]();
      await expect(jobs[second]()).rejects.toMatchObject({ details: { kind: 'device-busy', job: first } });
      await vi.waitFor(() => expect(work.begin).toHaveBeenCalledTimes(1));
      work.finishAll();
      await earlier;
      const later = jobs[second]();
      await vi.waitFor(() => expect(work.begin).toHaveBeenCalledTimes(2));
      work.finishAll();
      await later;
    },
  );

  it('is free again after a job that failed', async () => {
    work.begin.mockRejectedValueOnce(new Error('lost'));
    await expect(jobs.export()).rejects.toThrow('lost');
    const run = jobs.run();
    await vi.waitFor(() => expect(work.begin).toHaveBeenCalledTimes(2));
    work.finishAll();
    await run;
  });

  it('takes a pause for the run at work alone, and a cancel of a benchmark that has ended for nothing', async () => {
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
