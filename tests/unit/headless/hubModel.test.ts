import { beforeEach, expect, it, vi } from 'vitest';
import { hubHosts, type HubListing, type HubModelId } from '../../../src/domain/import/hub';
import type { StoredModel } from '../../../src/domain/model';
import type { HeadlessJob, JobRoutes } from '../../../src/headless/jobRoutes';

const guess = <T>(value: T) => ({ value, guessed: true });
const model: Pick<StoredModel, 'contentSha256' | 'defaults'> = {
  contentSha256: 'a'.repeat(64),
  defaults: {
    pooling: guess('mean'),
    normalize: guess(true),
    maxTokens: guess(64),
    queryPrefix: guess(''),
    passagePrefix: guess(''),
  },
};
const asked: [HubModelId, string | null][] = [];
const stored = new Map<string, typeof model>();
vi.mock('../../../src/state/gateway', () => ({
  gateway: {
    getModel: (sha256: string) => Promise.resolve(stored.get(sha256)),
    data: () =>
      Promise.resolve({
        listHubModel: (wanted: HubModelId, token: string | null): Promise<HubListing> => {
          asked.push([wanted, token]);
          return Promise.resolve({ ...wanted, commit: 'c'.repeat(40), files: [] });
        },
        fetchHubModel: () => Promise.resolve(model),
      }),
  },
}));
const { importInputs } = await import('../../../src/headless/importInputs');

const notes: string[] = [];
const quiet = (): void => undefined;
function read(experiment: object, more: Partial<HeadlessJob> = {}) {
  const given = {
    name: '',
    fileName: 'own.json',
    modelName: '',
    negativesModelName: '',
    guideModelName: '',
    teacherModelName: '',
    device: 'wasm',
    language: 'en',
  } as const;
  const job: HeadlessJob = { kind: 'experiment', ...given, experiment, delivered: [], inputs: [], ...more };
  const routes: Pick<JobRoutes, 'files'> = { files: () => Promise.resolve([]) };
  return importInputs(routes as JobRoutes, job, { import: quiet, download: quiet, note: (text) => notes.push(text) });
}
const locations = { model: 'hub:BAAI/bge-base-zh-v1.5@v1' };

beforeEach(() => {
  asked.length = 0;
  notes.length = 0;
  stored.clear();
});

it('a model named by its id and revision is fetched, and its commit and content hash are reported', async () => {
  const { experiment } = await read({ locations });
  expect(experiment.model?.contentSha256).toBe(model.contentSha256);
  expect(asked).toEqual([[{ host: hubHosts.huggingface, id: 'BAAI/bge-base-zh-v1.5', revision: 'v1' }, null]]);
  expect(notes[0]).toContain(`at commit ${'c'.repeat(40)} from huggingface.co`);
  expect(notes[1]).toContain(model.contentSha256);
});

it('the chosen host is asked with the given token', async () => {
  await read({ locations }, { hubHost: 'http://127.0.0.1:8080', hubToken: 'secret' });
  expect(asked[0]?.[0].host.baseUrl).toBe('http://127.0.0.1:8080/');
  expect(asked[0]?.[1]).toBe('secret');
});

it('a model from a hub is refused if its content differs from the hash in the experiment', async () => {
  await expect(read({ locations, model: { contentSha256: 'b'.repeat(64) } })).rejects.toMatchObject({
    details: { kind: 'experiment-invalid', path: 'model.contentSha256' },
  });
});

it('no host is asked for a model that the profile has already stored', async () => {
  stored.set(model.contentSha256, model);
  await read({ locations, model: { contentSha256: model.contentSha256 } });
  expect(asked).toEqual([]);
});
