import { readFile } from 'node:fs/promises';
import papa from 'papaparse';
import { expectAccessible } from './accessibility';
import { writeOnnxFolder } from './onnxFolder';
import { expect, foreignRequests, newOwnExperiment, setLanguage, test } from './support';

const minute = 60_000;

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
