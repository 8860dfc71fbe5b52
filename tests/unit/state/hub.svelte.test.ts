import { beforeEach, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { downloadIdOf, hubHosts, type HubListing } from '../../../src/domain/import/hub';

const calls: string[] = [];
let end: (thrown: unknown) => void = () => undefined;
vi.mock('../../../src/state/gateway', () => ({
  gateway: {
    listDownloads: () => Promise.resolve([{ downloadId: 'd', listing, received: { a: { parts: 2, bytes: 30 } } }]),
    data: () =>
      Promise.resolve({
        fetchHubModel: (_listing: HubListing, token: string | null) => {
          calls.push(`fetch with ${token ?? 'no token'}`);
          return new Promise((_resolve, reject) => (end = reject));
        },
        stopHubDownload: () => {
          calls.push('stop');
          end(new AppError({ kind: 'cancelled' }));
          return Promise.resolve();
        },
        deleteDownload: ({ downloadId }: { downloadId: string }) => {
          calls.push(`delete ${downloadId}`);
          return Promise.resolve();
        },
      }),
  },
}));
const { HubState, DownloadSpeed, trainable } = await import('../../../src/state/hub.svelte');

const listing: HubListing = {
  ...{ host: hubHosts.huggingface, id: 'a/b', revision: '', commit: 'c'.repeat(40) },
  files: [{ path: 'a', bytes: 100, hash: { kind: 'sha256', hex: '' }, commit: '' }],
};
async function stopped(discard: boolean) {
  const hub = new HubState(trainable);
  hub.token = ' secret ';
  const fetching = hub.fetch(listing);
  await vi.waitFor(() => expect(calls).toContain('fetch with secret'));
  expect(hub.running?.of).toBe(100);
  await hub.stop(discard);
  expect(await fetching).toBeNull();
  expect([hub.running, hub.stopping]).toEqual([null, false]);
  return hub;
}

beforeEach(() => void (calls.length = 0));

it('pausing a download keeps the bytes that have arrived and lists it with its size', async () => {
  const hub = await stopped(false);
  expect(calls).toEqual(['fetch with secret', 'stop']);
  expect(hub.partial).toEqual([{ downloadId: 'd', listing, received: 30, of: 100 }]);
});

it('cancelling a download deletes the bytes that have arrived', async () => {
  await stopped(true);
  expect(calls.at(-1)).toBe(`delete ${downloadIdOf(listing)}`);
});

it('the speed of a download is averaged over the last seconds', () => {
  const speed = new DownloadSpeed();
  expect(speed.add(5000, 0)).toBeNull();
  expect(speed.add(6000, 500)).toBeNull();
  expect(speed.add(7000, 1000)).toBe(2000);
  for (let at = 2000; at <= 20_000; at += 1000) speed.add(7000 + at, at);
  expect(speed.add(28_000, 21_000)).toBe(1000);
});
