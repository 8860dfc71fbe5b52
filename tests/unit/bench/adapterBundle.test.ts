import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeBundle } from '../../../bench/adapter/bundle.mjs';
import type { AdapterBenchmark } from '../../../bench/adapter/report';

const dawn = join(
  dirname(createRequire(import.meta.url).resolve('webgpu')),
  `dist/${process.platform}-${process.platform === 'darwin' ? 'universal' : process.arch}/dawn.node`,
);
const timeoutMs = 300_000;

/**
 * Runs on Dawn's null backend, which compiles every kernel and computes nothing, because a real adapter would take
 * minutes.
 */
describe("the bundle of the adapter's benchmark", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'recallsmith-bundle-'));
    await writeBundle(folder);
    await copyFile(dawn, join(folder, 'dawn.node'));
  }, timeoutMs);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const run = async (...options: string[]): Promise<{ text: string; json: AdapterBenchmark }> => {
    const env = { ...process.env, DAWN_NODE: join(folder, 'dawn.node'), OUT: folder };
    const args = ['main.mjs', '--backend', 'null', '--runtime', 'node', ...options];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, env });
    return { text: stdout, json: JSON.parse(await readFile(join(folder, 'adapter.json'), 'utf8')) as AdapterBenchmark };
  };

  it('contains the program, the page and PyTorch’s script', async () => {
    expect(await readdir(folder)).toEqual(expect.arrayContaining(['main.mjs', 'page', 'pytorch_adapter.py']));
    expect(await readFile(join(folder, 'main.mjs'), 'utf8')).not.toMatch(/from ['"](?!node:|\.)[^'"]+['"]/);
  });

  it('measures every task without node_modules and writes the report', { timeout: timeoutMs }, async () => {
    const { text, json } = await run('--size', 'tiny');
    const [engine] = json.engines;
    expect(engine).toMatchObject({ size: 'tiny', leftOut: [] });
    for (const { reason } of engine?.failed ?? []) expect(reason).toBe('the adapter offers no matrix units');
    expect(engine?.adapter.features).toContain('timestamp-query');
    const tasks = engine?.results.map(({ task }) => task) ?? [];
    for (const task of ['products', 'tuning', 'search', 'encode', 'step demo-zh, full', 'step demo-zh, mixed'])
      expect(tasks).toContain(task);
    const steps = engine?.results.flatMap((result) => (result.kind === 'step' ? [result] : [])) ?? [];
    expect(steps).toHaveLength(9);
    for (const { profile, dispatches } of steps)
      expect(profile?.reduce((sum, { count }) => sum + count, 0)).toBe(dispatches);
    expect(text).toContain('attention forward');
  });

  it('leaves out the less important tasks when time is up, and says so', { timeout: timeoutMs }, async () => {
    const { text, json } = await run('--size', 'tiny', '--limit', '0');
    expect(json.engines[0]).toMatchObject({ results: [] });
    expect(json.engines[0]?.leftOut[0]).toMatch(/^step 2/);
    expect(text).toContain('left out in Dawn, time was up: step 2');
  });
});
