import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import papa from 'papaparse';
import { expectAccessible } from './accessibility';
import { filesBelow } from '../unit/import/filesBelow';
import { startHub, type Hub } from '../unit/import/hubServer';
import { writeOnnxFolder } from './onnxFolder';
import { command, cutDemo } from './runner';
import { demoModel, expect, foreignRequests, newOwnExperiment, setLanguage, test } from './support';

const minute = 60_000;
const id = 'someone/demo-zh-onnx';
let hub: Hub | null = null;
test.afterEach(async () => {
  await hub?.close();
  hub = null;
});

/** Returns the files of the demo model as a hub has it for transformers.js, and a hub that serves them. */
async function startOnnxHub(folder: string): Promise<Hub> {
  await writeOnnxFolder(folder);
  hub = await startHub({ id, files: filesBelow(folder) });
  return hub;
}

test('a model in ONNX format from disk ranks as the same model in the engine, without a request to another origin', async ({
  page,
  context,
  siteUrl,
}, info) => {
  test.setTimeout(8 * minute);
  const folder = info.outputPath('demo-onnx');
  await writeOnnxFolder(folder);
  const foreign = foreignRequests(context, siteUrl);
  const transformers: string[] = [];
  page.on('request', (request) => void (request.url().includes('transformers') && transformers.push(request.url())));
  await newOwnExperiment(page, siteUrl);
  await page.getByTestId('compare-models').click();
  await setLanguage(page, 'en');
  await page.getByTestId('add-onnx').locator('summary').click();
  await page.getByTestId('onnx-folder').setInputFiles(folder);
  await expect(page.getByTestId('onnx-graph')).toHaveValue('onnx/model.onnx');
  await expectAccessible(page, 'adding an ONNX model');
  await page.getByTestId('onnx-add').click();
  await expect(page.getByTestId('candidate-onnx')).toBeChecked({ timeout: minute });
  expect(transformers).toEqual([]);
  await page.getByTestId('start-compare').click();
  const rows = page.getByTestId('compare-table').locator('tbody tr');
  await expect(rows).toHaveCount(3, { timeout: 6 * minute });
  await expect(page.locator('tr[data-candidate="onnx"]')).toHaveCount(1);
  expect(foreign).toEqual([]);

  const downloading = page.waitForEvent('download');
  await page.getByTestId('save-questions').click();
  const text = await readFile(await (await downloading).path(), 'utf8');
  const [head = [], ...questions] = papa.parse<string[]>(text.replace('\uFEFF', ''), { skipEmptyLines: true }).data;
  const columns = head.flatMap((name, at) => (name.startsWith('rank: demo') ? [at] : []));
  expect([columns.length, questions.length > 0]).toEqual([2, true]);
  for (const cells of questions) expect(cells[columns[1] ?? -1]).toBe(cells[columns[0] ?? -1]);

  await page.goto(`${siteUrl}#/storage`);
  await expect(page.getByText('demo-onnx (model.onnx)').first()).toBeVisible();
});

test('a model in ONNX format is downloaded by its id after the files are shown, and no other origin is contacted', async ({
  page,
  context,
  siteUrl,
}, info) => {
  test.setTimeout(3 * minute);
  const { url, requests, behave } = await startOnnxHub(info.outputPath('demo-onnx'));
  const foreign = foreignRequests(context, siteUrl);
  await newOwnExperiment(page, siteUrl);
  await page.getByTestId('compare-models').click();
  await setLanguage(page, 'en');
  await page.getByTestId('add-onnx').locator('summary').first().click();
  await page.getByTestId('hub-id').fill(id);
  await page.getByTestId('hub-host').selectOption('own');
  await page.getByTestId('hub-address').fill(url);
  expect(requests).toEqual([]);
  await page.getByTestId('hub-look').click();
  await expect(page.getByTestId('onnx-graph')).toHaveValue('onnx/model.onnx');
  await expect(page.getByTestId('hub-confirm')).toContainText(new URL(url).host);
  expect(requests.filter(({ line }) => line.includes('/resolve/'))).toEqual([]);
  await expectAccessible(page, 'downloading an ONNX model');
  if (await page.getByTestId('onnx-no-pooling').isVisible()) {
    await expect(page.getByTestId('hub-fetch')).toBeDisabled();
    await page.getByTestId('onnx-pooling').selectOption('mean');
  }
  behave['onnx/model.onnx'] = { cut: { after: 3_000_000, times: 1 } };
  await page.getByTestId('hub-fetch').click();
  await expect(page.getByTestId('candidate-onnx')).toBeChecked({ timeout: minute });
  expect(requests.some(({ line }) => line.includes('bytes='))).toBe(true);
  expect(foreign.filter((asked) => !asked.startsWith(url))).toEqual([]);
});

test('npm run evaluate compares a graph of a hub and one of a folder with the same model in the engine', async ({}, info) => {
  test.setTimeout(6 * minute);
  const onnxFolder = info.outputPath('demo-onnx');
  const { url, commit } = await startOnnxHub(onnxFolder);
  const folder = await cutDemo();
  const graph = { onnx: 'onnx/model.onnx', pooling: 'mean', maxTokens: 32 };
  const models = [
    { location: demoModel, maxTokens: 32 },
    { location: onnxFolder, ...graph, fused: true },
    { location: `hub:${id}@${commit}`, ...graph, maxTokens: 31 },
  ];
  const evaluation = { models, locations: { knowledgeBase: 'kb.jsonl', testQuestions: 'test.jsonl' } };
  await writeFile(join(folder, 'evaluation.json'), JSON.stringify(evaluation));
  const out = join(folder, 'out');
  const args = [join(folder, 'evaluation.json'), '--out', out, '--device', 'wasm', '--hub-host', url];
  const ended = await command('evaluate.mjs', ...args);
  expect(ended.code, ended.stderr).toBe(0);
  expect(ended.stdout).toContain(`fetching ${id} at commit ${commit} from ${new URL(url).host}`);
  const metrics = JSON.parse(await readFile(join(out, 'metrics.json'), 'utf8')) as {
    models: { name: string; kind: string; bytes: number; dimension: number; ranks: object }[];
  };
  expect(metrics.models.map(({ name, kind }) => [name, kind])).toEqual([
    ...[
      ['demo-zh', 'base'],
      ['demo-onnx', 'onnx'],
      ['demo-onnx + BM25', 'fused'],
      [id, 'onnx'],
      ['BM25', 'keywords'],
    ],
  ]);
  const [engine, onnx] = metrics.models;
  expect(onnx?.ranks).toEqual(engine?.ranks);
  expect(onnx?.dimension).toBe(engine?.dimension);
  expect(onnx?.bytes).toBeGreaterThan(1_000_000);
});
