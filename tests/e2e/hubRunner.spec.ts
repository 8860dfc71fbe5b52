import { mkdtemp, readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoHashes } from '../../src/domain/import/demoInputs';
import { filesBelow } from '../unit/import/filesBelow';
import { startHub, type Hub, type HubOptions } from '../unit/import/hubServer';
import { command, cutDemo, type Ended } from './runner';
import { demoModel, expect, test } from './support';

const id = 'recallsmith/demo-zh';
const weights = 'model.safetensors';
const files = filesBelow(demoModel);
let hub: Hub;
async function start(options: Partial<HubOptions> = {}): Promise<void> {
  hub = await startHub({ id, files, ...options });
}
test.afterEach(() => hub.close());

/** Runs an experiment whose model is on the hub. Returns how the command ended, and the folder of its results. */
async function runFromHub(token?: string, profile?: string): Promise<Ended & { out: string }> {
  const folder = await cutDemo({ model: `hub:${id}@${hub.commit}`, stages: 1 });
  const out = join(folder, 'out');
  const kept = profile === undefined ? [] : ['--profile', profile];
  const args = [join(folder, 'experiment.json'), '--out', out, '--device', 'wasm', '--hub-host', hub.url, ...kept];
  const before = process.env['RECALLSMITH_HUB_TOKEN'];
  if (token === undefined) delete process.env['RECALLSMITH_HUB_TOKEN'];
  else process.env['RECALLSMITH_HUB_TOKEN'] = token;
  try {
    return { ...(await command('experiment.mjs', ...args)), out };
  } finally {
    if (before === undefined) delete process.env['RECALLSMITH_HUB_TOKEN'];
    else process.env['RECALLSMITH_HUB_TOKEN'] = before;
  }
}

const asked = (path: string): string[] =>
  hub.requests.map(({ line }) => line).filter((line) => line.startsWith('GET') && line.includes(path));

test('a model that needs a token is refused without one, and the sentence names the variable to set', async () => {
  await start({ token: 'hf_secret' });
  const { code, stderr, out } = await runFromHub();
  expect([code, existsSync(join(out, 'metrics.json'))]).toEqual([1, false]);
  expect(stderr.trim()).toBe(
    `${new URL(hub.url).host} doesn’t give ${id} to everyone: either it doesn’t exist, or you have to request access there; ` +
      'check the id, or set RECALLSMITH_HUB_TOKEN to a token that has access.',
  );
  expect(asked(weights)).toEqual([]);
});

test('weights with another hash than listed are refused, and the sentence names the file', async () => {
  await start();
  hub.behave[weights] = { claimsHash: 'ab'.repeat(32) };
  const { code, stderr, out } = await runFromHub();
  expect([code, existsSync(join(out, 'metrics.json'))]).toEqual([1, false]);
  expect(stderr.trim()).toBe(
    `The content of ${weights} doesn’t match the hash that ${new URL(hub.url).host} listed and was discarded; ` +
      'it may have changed, so run the command again, or choose another host with --hub-host.',
  );
});

test('a download that breaks off resumes by range, also in the next run of the same profile', async () => {
  await start({ token: 'hf_secret' });
  const profile = await mkdtemp(join(tmpdir(), 'recallsmith-profile-'));
  hub.behave[weights] = { cut: { after: 3_000_000, times: 2, thenStatus: 403 } };
  const broken = await runFromHub('hf_secret', profile);
  expect(broken.code).toBe(1);
  // The host sends 3 MB twice and then refuses. Each request starts after the bytes that have arrived.
  const starts = () => asked(weights).map((line) => Number(/bytes=(\d+)-/.exec(line)?.[1] ?? 0));
  const [first, second, third, ...more] = starts();
  expect([first, more]).toEqual([0, []]);
  expect(second).toBeGreaterThan(0);
  expect(third).toBeGreaterThan(second ?? Infinity);
  expect(third).toBeLessThanOrEqual(6_000_000);

  hub.behave[weights] = {};
  const { code, stdout, stderr, out } = await runFromHub('hf_secret', profile);
  expect(code, stderr).toBe(0);
  expect(starts().slice(3)).toEqual([third]);
  const bytes = Object.values(files).reduce((sum, content) => sum + content.length, 0);
  expect(stdout).toContain(`fetching ${id} at commit ${hub.commit} from ${new URL(hub.url).host}`);
  expect(stdout).toContain(`${(bytes / 1e6).toFixed(1)} MB`);
  expect(stdout).toContain(`content hash ${demoHashes.model}`);
  const exported = JSON.parse(await readFile(join(out, 'export/experiment.json'), 'utf8')) as object;
  expect(exported).toMatchObject({ model: { contentSha256: demoHashes.model } });
  for (const name of ['metrics.json', 'events.jsonl', 'export/experiment.json'])
    expect(await readFile(join(out, name), 'utf8')).not.toContain('hf_secret');
  // Neither run stored the site for offline use, because that would copy it into every new profile.
  expect(existsSync(join(profile, 'Default/IndexedDB'))).toBe(true);
  expect(existsSync(join(profile, 'Default/Service Worker/CacheStorage'))).toBe(false);
});
