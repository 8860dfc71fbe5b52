import { beforeEach, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { demoQuestions } from '../../../src/domain/import/demoQuestions';
import type { Progress } from '../../../src/protocol/dataApi';
import type { SearchRequest, SearchResult } from '../../../src/protocol/search';

const calls: string[] = [];
const requests: SearchRequest[] = [];
let endSearch: (result: SearchResult | AppError) => void = () => undefined;
let report: Progress = () => undefined;
const result: SearchResult = {
  top: [],
  right: null,
  passages: 288,
  searchMs: 4,
  encoding: {
    device: { backend: 'wasm', reason: 'no-webgpu', adapter: null, threads: 4, simd: true },
    ...{ texts: 288, tokens: 20_000, ms: 1000 },
  },
};
vi.mock('../../../src/state/app.svelte', () => ({ app: { devicePreference: 'auto' } }));
vi.mock('../../../src/state/gateway', () => ({
  baseUrl: 'http://127.0.0.1/',
  gateway: {
    data: () =>
      Promise.resolve({
        prepareDemoSearch: () => {
          calls.push('prepare');
          return Promise.resolve({ knowledgeBase: 'k', model: {} });
        },
        cancelDemoSearch: () => Promise.resolve(),
      }),
    gpu: () =>
      Promise.resolve({
        searchPassages: (request: SearchRequest, _device: string, progress: Progress) => {
          calls.push('search');
          requests.push(request);
          report = progress;
          return new Promise((resolve, reject) => {
            endSearch = (end) => (end instanceof AppError ? reject(end) : resolve(end));
          });
        },
        cancelSearch: () => {
          calls.push('cancel');
          endSearch(new AppError({ kind: 'cancelled' }));
          return Promise.resolve();
        },
      }),
  },
}));
const { demoQuestion } = await import('../../../src/state/demoQuestion.svelte');
const { deviceJob } = await import('../../../src/state/deviceJob.svelte');

async function asking(text: string): Promise<{ asked: Promise<void> }> {
  demoQuestion.text = text;
  const asked = demoQuestion.ask();
  await vi.waitFor(() => expect(calls).toContain('search'));
  return { asked };
}
beforeEach(() => {
  calls.length = 0;
  requests.length = 0;
  demoQuestion.answer = null;
});

it('a question occupies the device, shows its progress, and names the right passages if they are known', async () => {
  expect([demoQuestion.text, demoQuestion.progress, calls]).toEqual([demoQuestions[0]?.text, null, []]);
  const { asked } = await asking(demoQuestions[1]?.text ?? '');
  expect(deviceJob.current).toBe('search');
  report(10, 288);
  expect(demoQuestion.progress).toEqual({ doing: 'encode', done: 10, of: 288 });
  endSearch(result);
  await asked;
  expect(demoQuestion.answer).toEqual({ question: demoQuestions[1]?.text, ...result });
  expect([demoQuestion.progress, deviceJob.current]).toEqual([null, null]);
  report(288, 288);
  expect(demoQuestion.progress).toBeNull();

  const second = await asking('我自己的问题');
  expect(requests.map(({ relevant }) => relevant)).toEqual([demoQuestions[1]?.relevant, []]);
  expect(calls.filter((call) => call === 'prepare').length).toBeLessThanOrEqual(1);
  endSearch(result);
  await second.asked;
});

it('a cancelled question is not an error and leaves the device free', async () => {
  const { asked } = await asking('问');
  const cancelling = demoQuestion.cancel();
  expect(demoQuestion.progress?.doing).toBe('cancel');
  await Promise.all([cancelling, asked]);
  expect([demoQuestion.error, demoQuestion.answer, deviceJob.current]).toEqual([null, null, null]);
});

it('a failed question shows why, and the next one prepares the demo again', async () => {
  const { asked } = await asking('问');
  endSearch(new AppError({ kind: 'model-missing' }));
  await asked;
  expect(demoQuestion.error?.kind).toBe('model-missing');
  calls.length = 0;
  const next = await asking('问');
  expect(calls).toEqual(['prepare', 'search']);
  expect(demoQuestion.error).toBeNull();
  endSearch(result);
  await next.asked;
});

it('an empty question is not asked', async () => {
  demoQuestion.text = '  ';
  await demoQuestion.ask();
  expect(calls).toEqual([]);
});
