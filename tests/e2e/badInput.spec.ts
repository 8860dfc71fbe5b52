import { readFileSync } from 'node:fs';
import { cp, mkdtemp, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  demoModel,
  expect,
  importInto,
  importModelFolder,
  importOwnData,
  newExperiment,
  openStage,
  ownData,
  setField,
  setLanguage,
  test,
} from './support';

test.beforeEach(async ({ page, siteUrl }) => {
  await newExperiment(page, siteUrl);
});

function manyPassages(): string[] {
  return Array.from({ length: 80 }, (_, i) => JSON.stringify({ id: `p${i}`, text: `第 ${i} 段说明了一件事。` }));
}

test('a broken line is listed with its number, and the good rows are used', async ({ page }) => {
  const lines = manyPassages();
  lines[56] = '{"id": "p56", "text": "没有结';
  await importInto(page, 'knowledgeBase', { name: 'kb.jsonl', content: lines.join('\n') });
  await setLanguage(page, 'en');
  await page.getByTestId('rejected-knowledgeBase').click();
  await expect(page.getByTestId('rejected-list')).toContainText('57');
  await page.keyboard.press('Escape');
  await expect(page.locator('section[aria-labelledby="slot-knowledgeBase"]')).toContainText('79');
});

for (const [what, content] of [
  ['empty', Buffer.alloc(0)],
  ['binary', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3, 0, 0, 0, 255, 254, 0])],
] as const)
  test(`a file that is ${what} is refused by name in both languages, and the slot keeps its data`, async ({ page }) => {
    await importInto(page, 'knowledgeBase', ownData('passages.jsonl'));
    await page
      .getByTestId('import-knowledgeBase')
      .setInputFiles({ name: 'bad.jsonl', mimeType: 'application/octet-stream', buffer: content });
    const sentence = page.getByTestId('error-panel').locator('p');
    await setLanguage(page, 'zh');
    await expect(sentence).toContainText('bad.jsonl');
    const zh = await sentence.innerText();
    await setLanguage(page, 'en');
    await expect(sentence).toContainText('bad.jsonl');
    expect(await sentence.innerText()).not.toBe(zh);
    await expect(page.locator('section[aria-labelledby="slot-knowledgeBase"]')).toContainText('passages.jsonl');
  });

test('a truncated safetensors file is refused with a sentence that names it', async ({ page }) => {
  const folder = join(await mkdtemp(join(tmpdir(), 'recallsmith-model-')), 'cut-model');
  await cp(demoModel, folder, { recursive: true });
  await truncate(join(folder, 'model.safetensors'), 1_000_000);
  await page.getByTestId('import-model').setInputFiles(folder);
  await expect(page.getByTestId('error-panel').locator('p')).toContainText('model.safetensors');
  await expect(page.locator('section[aria-labelledby="model-title"] .name')).toHaveCount(0);
});

test('a question whose passage is not in the knowledge base is left out and listed', async ({ page }) => {
  await importInto(page, 'knowledgeBase', ownData('passages.jsonl'));
  const questions = [
    { id: 'good', query: '链条什么时候换？', relevant: ['chain-wear'] },
    { id: 'lost', query: '谁也不知道的事？', relevant: ['no-such-passage'] },
  ];
  await importInto(page, 'testQuestions', { name: 'questions.json', content: JSON.stringify(questions) });
  await page.getByTestId('rejected-testQuestions').click();
  await expect(page.getByTestId('rejected-list')).toContainText('no-such-passage');
});

test('pairs that name passages by id need the knowledge base first; unusable questions stay marked', async ({
  page,
}) => {
  const pairs = { name: 'by-id.jsonl', content: '{"query": "链条什么时候换？", "positiveId": "chain-wear"}' };
  await setLanguage(page, 'en');
  await page.getByTestId('import-pairs').setInputFiles({
    name: pairs.name,
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(pairs.content),
  });
  await expect(page.getByTestId('error-panel').locator('p')).toContainText('import the knowledge base first');
  await importInto(page, 'testQuestions', {
    name: 'lost.jsonl',
    content: '{"query": "问", "relevant": ["no-such-passage"]}',
  });
  await expect(page.getByTestId('unusable-testQuestions')).toHaveCount(0);
  await importInto(page, 'knowledgeBase', ownData('passages.jsonl'));
  await expect(page.getByTestId('unusable-testQuestions')).toBeVisible();
  await importInto(page, 'pairs', pairs);
  await page.reload();
  await expect(page.getByTestId('unusable-testQuestions')).toBeVisible();
  await page.getByTestId('rejected-testQuestions').click();
  await expect(page.getByTestId('rejected-list')).toContainText('question 1');
});

test('a run with fewer pairs than a batch cannot start, and a sentence names the batch size', async ({ page }) => {
  await importOwnData(page);
  const pairs = readFileSync(ownData('pairs.csv'), 'utf8').split('\r\n').slice(0, 6).join('\r\n');
  await importInto(page, 'pairs', { name: 'few.csv', content: pairs });
  await importModelFolder(page, demoModel);
  await openStage(page, 'train');
  await setField(page, 'batchSize', 64);
  await expect(page.getByTestId('run-refusal')).toContainText('64');
  await expect(page.getByTestId('start-run')).toBeDisabled();
});
