import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import type { Candidate } from '../../../src/domain/evaluate/candidate';
import type { PlaygroundAnswer, PlaygroundRequest, PlaygroundResult } from '../../../src/protocol/playground';

interface Asked {
  request: PlaygroundRequest;
  end: (end: PlaygroundResult | AppError) => void;
}
const searches: Asked[] = [];
const option = (id: string, candidate: Candidate) => ({
  ...{ id, candidate, name: id, settings: null, bytes: 0, dimension: 0, ownBase: false, run: null },
});
const weights = (runId: string): Candidate => ({ kind: 'run', runId, weights: 'kept' });
const options = [option('k', { kind: 'keywords' }), option('a', weights('a')), option('b', weights('b'))];
vi.mock('../../../src/state/app.svelte', () => ({ app: { devicePreference: 'auto' } }));
vi.mock('../../../src/state/gateway', () => ({
  baseUrl: 'http://127.0.0.1/',
  gateway: {
    data: () => Promise.resolve({ listCandidates: () => Promise.resolve(options) }),
    listRuns: () => Promise.resolve([]),
    gpu: () =>
      Promise.resolve({
        searchByCandidates: (request: PlaygroundRequest) =>
          new Promise<PlaygroundResult>((resolve, reject) => {
            searches.push({ request, end: (end) => (end instanceof AppError ? reject(end) : resolve(end)) });
          }),
        cancelSearch: () => {
          searches.at(-1)?.end(new AppError({ kind: 'cancelled' }));
          return Promise.resolve();
        },
      }),
  },
}));
const { PlaygroundState } = await import('../../../src/state/playground.svelte');
const { deviceJob } = await import('../../../src/state/deviceJob.svelte');

const found = (id: string): PlaygroundAnswer => ({ kind: 'found', top: [{ id, rank: 1, text: id, score: 1 }] });
const resultOf = (...answers: PlaygroundAnswer[]): PlaygroundResult => ({ answers, passages: 9, searchMs: 1 });
const idle = (): Promise<void> => vi.waitFor(() => expect(deviceJob.current).toBeNull());
const searching = (n: number): Promise<void> => vi.waitFor(() => expect(searches).toHaveLength(n));

async function opened(): Promise<InstanceType<typeof PlaygroundState>> {
  const playground = new PlaygroundState('e');
  await playground.load();
  expect(playground.sides).toEqual(['a', 'k']);
  return playground;
}
async function asking(playground: InstanceType<typeof PlaygroundState>, text: string): Promise<void> {
  const before = searches.length;
  playground.text = text;
  void playground.ask();
  await searching(before + 1);
}
beforeEach(async () => {
  await idle();
  searches.length = 0;
});

describe('the playground', () => {
  it('shows an answer only under the model that gave it', async () => {
    const playground = await opened();
    await asking(playground, 'x');
    searches[0]?.end(resultOf(found('p1'), found('p2')));
    await idle();
    expect(playground.answers).toEqual([found('p1'), found('p2')]);
    playground.choose(1, 'b');
    await searching(2);
    expect(playground.answers).toEqual([found('p1'), undefined]);
    searches[1]?.end(resultOf(found('p1'), found('p3')));
    await idle();
    expect(playground.answers).toEqual([found('p1'), found('p3')]);
  });

  it('answers a question that was asked before its models were listed', async () => {
    const playground = new PlaygroundState('e');
    playground.text = 'x';
    await playground.ask();
    expect(searches).toEqual([]);
    await playground.load();
    await searching(1);
    expect(searches[0]?.request).toMatchObject({ base: { experimentId: 'e' }, question: 'x' });
    searches[0]?.end(resultOf(found('p1'), found('p2')));
    await idle();
    expect(playground.answers).toEqual([found('p1'), found('p2')]);
  });

  it('stops encoding when it is left, and starts no search afterwards', async () => {
    const playground = await opened();
    await asking(playground, 'x');
    playground.type('xy');
    await playground.close();
    await idle();
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect([searches.length, playground.error, playground.answered]).toEqual([1, null, null]);
  });

  it('starts no search if it is left before the first one has begun', async () => {
    const playground = await opened();
    playground.text = 'x';
    const asked = playground.ask();
    await playground.close();
    await asked;
    expect(searches).toEqual([]);
    expect(deviceJob.current).toBeNull();
  });

  it('starts nothing that was waiting when the user cancels', async () => {
    const playground = await opened();
    await asking(playground, 'x');
    playground.text = 'xy';
    void playground.ask();
    await playground.cancel();
    await idle();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([searches.length, playground.searching]).toEqual([1, false]);
  });

  it('shows why a question failed until the text is emptied', async () => {
    const playground = await opened();
    await asking(playground, 'x');
    searches[0]?.end(new AppError({ kind: 'model-missing' }));
    await idle();
    expect(playground.error?.kind).toBe('model-missing');
    playground.text = '';
    await playground.ask();
    expect(playground.error).toBeNull();
  });

  it('does not show the failure of a question that is no longer asked', async () => {
    const playground = await opened();
    await asking(playground, 'x');
    playground.text = 'y';
    void playground.ask();
    searches[0]?.end(new AppError({ kind: 'model-missing' }));
    await searching(2);
    expect(playground.error).toBeNull();
    searches[1]?.end(resultOf(found('p1'), found('p2')));
    await idle();
    expect(playground.answered?.question).toBe('y');
  });
});
