import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { listen } from '../../tools/lib/server.mjs';
import { expectReport, type Comparison } from './expectReport';
import { command, cutDemo } from './runner';
import { demoModel, expect, root, serveSite, test } from './support';

const minute = 60_000;

test('npm run evaluate compares a model, its fusion and BM25 without training', async () => {
  test.setTimeout(4 * minute);
  const folder = await cutDemo();
  const locations = { knowledgeBase: 'kb.jsonl', testQuestions: 'test.jsonl' };
  const evaluation = { models: [{ location: demoModel, maxTokens: 32, fused: true }], baseline: 'BM25', locations };
  const file = join(folder, 'evaluation.json');
  await writeFile(file, JSON.stringify(evaluation));
  const out = join(folder, 'out');
  const run = () => command('evaluate.mjs', file, '--out', out, '--device', 'wasm');
  const ended = await run();
  expect(ended.code, ended.stderr).toBe(0);
  const { models, part, baseline, failures } = JSON.parse(
    readFileSync(join(out, 'metrics.json'), 'utf8'),
  ) as Comparison;
  expect({ part, baseline, failures }).toEqual({ part: 'test', baseline: 'BM25', failures: [] });
  expect(models.map(({ name, kind }) => [name, kind])).toEqual([
    ['demo-zh', 'base'],
    ['demo-zh + BM25', 'fused'],
    ['BM25', 'keywords'],
  ]);
  for (const { ranks, rightScores, metrics } of models) {
    const found = Object.values(ranks).map(([rank]) => rank ?? Infinity);
    expect(metrics['hitRate@1']?.value).toBeCloseTo(found.filter((rank) => rank === 1).length / found.length, 12);
    for (const [id, [rank]] of Object.entries(ranks)) expect(rightScores[id] === null).toBe(rank === null);
  }
  await expectReport(out, models);
  expect(readdirSync(out).sort()).toEqual(['metrics.json', 'report.html', 'report.md', 'report.xlsx']);
  expect(ended.stdout).toContain('BM25');

  // A report that was changed since is not replaced.
  await writeFile(join(out, 'report.md'), 'mine');
  const refused = await run();
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('report.md, which was changed since');
  expect(readFileSync(join(out, 'report.md'), 'utf8')).toBe('mine');
});

test('the runner exits with 1 and one sentence if a file is missing, and writes no metrics', async () => {
  const folder = await cutDemo();
  const experiment = JSON.parse(readFileSync(join(folder, 'experiment.json'), 'utf8')) as {
    locations: Record<string, string>;
  };
  experiment.locations['pairs'] = 'nowhere.jsonl';
  await writeFile(join(folder, 'experiment.json'), JSON.stringify(experiment));
  const ended = await command('experiment.mjs', join(folder, 'experiment.json'), '--out', join(folder, 'out'));
  expect(ended.code).toBe(1);
  expect(ended.stderr.trim().split('\n')).toHaveLength(1);
  expect(ended.stderr).toContain('nowhere.jsonl');
  expect(existsSync(join(folder, 'out/metrics.json'))).toBe(false);
});

test('a bad --browser deletes no earlier results, and a foreign folder named export is kept', async () => {
  const folder = await cutDemo();
  const file = join(folder, 'experiment.json');
  const own = join(folder, 'own');
  await mkdir(join(own, 'export'), { recursive: true });
  await writeFile(join(own, 'export/index.js'), 'mine');
  const foreign = await command('experiment.mjs', file, '--out', own, '--device', 'wasm');
  expect(foreign.code).toBe(1);
  expect(foreign.stderr).toContain('would replace export, which it did not write');
  expect(readFileSync(join(own, 'export/index.js'), 'utf8')).toBe('mine');

  const out = join(folder, 'out');
  await mkdir(out);
  await writeFile(join(out, 'events.jsonl'), '{"step":1,"loss":1,"lr":0.1}\n');
  const ended = await command('experiment.mjs', file, '--out', out, '--browser', join(folder, 'nowhere'));
  expect(ended.code).toBe(1);
  expect(ended.stderr.trim().split('\n')).toHaveLength(1);
  expect(readFileSync(join(out, 'events.jsonl'), 'utf8')).toContain('"step":1');
});

test('SIGINT ends the runner with a sentence and removes the temporary profile', async () => {
  const folder = await cutDemo();
  const temporary = join(folder, 'tmp');
  await mkdir(temporary);
  const child = execFile(
    process.execPath,
    [join(root, 'tools/experiment.mjs'), join(folder, 'experiment.json'), '--out', join(folder, 'out')],
    { cwd: root, env: { ...process.env, TMPDIR: temporary } },
  );
  let stderr = '';
  child.stderr?.on('data', (text: string) => (stderr += text));
  const profiles = () => readdirSync(temporary).filter((name) => name.startsWith('recallsmith-'));
  // The database exists as soon as data has been imported.
  const stored = () => profiles().some((name) => existsSync(join(temporary, name, 'Default/IndexedDB')));
  await expect.poll(stored, { timeout: minute }).toBe(true);
  child.kill('SIGINT');
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code).toBe(130);
  // Findings about the experiment may have been printed before.
  expect(stderr).toMatch(/^((warning|advice): .*\n)*Interrupted\.\n$/);
  expect(profiles()).toEqual([]);
});

test("the runner prints the page's own sentence if the experiment is invalid", async () => {
  const folder = await cutDemo();
  const experiment = JSON.parse(readFileSync(join(folder, 'experiment.json'), 'utf8')) as object;
  await writeFile(
    join(folder, 'experiment.json'),
    JSON.stringify({ ...experiment, stages: [{ loss: { temperature: -1 } }] }),
  );
  const ended = await command(
    'experiment.mjs',
    join(folder, 'experiment.json'),
    '--out',
    join(folder, 'out'),
    '--device',
    'wasm',
  );
  expect(ended.code).toBe(1);
  expect(ended.stderr.trim().split('\n')).toHaveLength(1);
  expect(ended.stderr).toContain('stages.0.loss.temperature');
});

test('all commands print their options with --help', async () => {
  for (const tool of ['start.mjs', 'experiment.mjs', 'evaluate.mjs', 'compare.mjs']) {
    const ended = await command(tool, '--help');
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain('--');
  }
});

test('npm start suggests --port, and warns about the address, if another program uses the port', async () => {
  const other = createServer((_request, response) => response.end('something else'));
  const port = await listen(other, 0);
  const ended = await command('start.mjs', '--port', String(port), '--no-open');
  other.close();
  expect(ended.code).toBe(1);
  expect(ended.stderr.trim().split('\n')).toHaveLength(1);
  expect(ended.stderr).toContain('--port');
  expect(ended.stderr).toContain('address');
});

test('npm start recognises a running server of its own and does not start a second one', async () => {
  const running = await serveSite();
  const ended = await command('start.mjs', '--port', String(running.port), '--no-open');
  await running.close();
  expect(ended.code).toBe(0);
  expect(ended.stdout).toContain(running.url);
});

test('the server sends the headers for cross-origin isolation and serves only files of the site', async () => {
  const running = await serveSite();
  const home = await fetch(running.url);
  expect(home.headers.get('cross-origin-opener-policy')).toBe('same-origin');
  expect(home.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
  expect(home.headers.get('cache-control')).toBe('no-cache');
  const again = await fetch(running.url, { headers: { 'If-None-Match': home.headers.get('etag') ?? '' } });
  expect(again.status).toBe(304);
  const wasm = await fetch(`${running.url}engine/plain-own.wasm`);
  expect(wasm.headers.get('content-type')).toBe('application/wasm');
  expect((await fetch(`${running.url}..%2fpackage.json`)).status).toBe(404);
  expect((await fetch(`${running.url}__job/guess/job.json`)).status).toBe(404);
  await running.close();
});
