import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JSHandle, Page } from '@playwright/test';
import { expect, importInto, newExperiment, setLanguage, test } from './support';

const json = (...rows: object[]): string => rows.map((row) => JSON.stringify(row)).join('\n');
const head = 'query-id\tcorpus-id\tscore\n';

/** Writes a small data set in the layout of BEIR and returns its folder. */
async function beirFolder(): Promise<string> {
  const folder = join(await mkdtemp(join(tmpdir(), 'beir-')), 'farm');
  await mkdir(join(folder, 'qrels'), { recursive: true });
  const files = {
    'corpus.jsonl': json({ _id: '1', title: '饲喂', text: '两公斤' }, { _id: '2', text: '二十八度' }),
    'queries.jsonl': json({ _id: '1', text: '喂多少' }, { _id: '2', text: '几度' }),
    'qrels/test.tsv': `${head}1\t1\t1\n`,
    'qrels/train.tsv': `${head}2\t2\t1\n`,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

/** Returns a DataTransfer like that of a file dragged from the desktop. */
function transferOf(page: Page, name: string, content: string): Promise<JSHandle<DataTransfer>> {
  return page.evaluateHandle(
    ([fileName, text]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text ?? ''], fileName ?? ''));
      return transfer;
    },
    [name, content],
  );
}

const slot = (page: Page, name: string) => page.locator(`section[aria-labelledby="slot-${name}"]`);

test('a folder in the layout of BEIR fills the slots that the user agrees to, and titles can be switched off', async ({
  page,
  siteUrl,
}) => {
  await newExperiment(page, siteUrl);
  await setLanguage(page, 'zh');
  await importInto(page, 'testQuestions', { name: '旧.jsonl', content: json({ text: '旧', relevant: ['1'] }) });
  await page.getByTestId('import-folder').setInputFiles(await beirFolder());
  await expect(page.getByTestId('fill-dialog')).toContainText('知识库 2 段');
  await expect(page.getByTestId('fill-testQuestions')).not.toBeChecked();
  await expect(page.getByTestId('fill-pairs')).toBeChecked();
  await page.getByTestId('fill-apply').click();
  await expect(slot(page, 'pairs')).toContainText('queries.jsonl, train.tsv');
  await expect(slot(page, 'testQuestions')).toContainText('旧.jsonl');

  await expect(page.getByTestId('join-titles')).toBeChecked();
  await slot(page, 'knowledgeBase').getByRole('button', { name: '查看数据' }).click();
  await expect(page.getByRole('dialog')).toContainText('饲喂 两公斤');
  await page.keyboard.press('Escape');
  await page.getByTestId('join-titles').uncheck();
  await slot(page, 'knowledgeBase').getByRole('button', { name: '查看数据' }).click();
  await expect(page.getByRole('dialog')).not.toContainText('饲喂 两公斤');
});

test('a file dropped next to the slots shows which it can fill; dropped on a slot, it asks only if it can fill several', async ({
  page,
  siteUrl,
}) => {
  await newExperiment(page, siteUrl);
  const bundle = JSON.stringify({ queries: { q: '问' }, corpus: { n: '段' }, relevant_docs: { q: ['n'] } });
  await page
    .getByTestId('about-stage')
    .dispatchEvent('drop', { dataTransfer: await transferOf(page, 'qa.json', bundle) });
  await expect(page.getByTestId('fill-shared')).toBeVisible();
  await page.getByTestId('fill-pairs').uncheck();
  await expect(page.getByTestId('fill-shared')).toHaveCount(0);
  await page.getByTestId('fill-apply').click();
  await expect(slot(page, 'testQuestions')).toContainText('qa.json');
  await expect(slot(page, 'pairs')).not.toContainText('qa.json');

  const pairs = await transferOf(page, 'pairs.jsonl', json({ query: '问二', answer: '段' }));
  await slot(page, 'pairs').dispatchEvent('drop', { dataTransfer: pairs });
  await expect(slot(page, 'pairs')).toContainText('pairs.jsonl');
  await expect(page.getByTestId('fill-dialog')).toHaveCount(0);
});
