import { readFile } from 'node:fs/promises';
import { expectAccessible } from './accessibility';
import { expect, newOwnExperiment, setLanguage, test } from './support';

const minute = 60_000;

const rows = [
  ['母猪产后不吃料怎么办', '母猪产后不吃食怎么处理', 0.95],
  ['仔猪怎么保温', '小猪保暖的办法', 0.8],
  ['猪舍多久消毒一次', '猪圈的消毒频率', 0.85],
  ['猪瘟疫苗什么时候打', '今天天气很好', 0],
  ['饲料发霉还能喂吗', '仔猪怎么保温', 0.1],
  ['母猪配种后多久产仔', '母猪的怀孕时间有多长', 0.9],
  ['猪咳嗽吃什么药', '猪拉稀吃什么药', 0.4],
  ['怎样判断猪发烧', '猪的体温多少算高', 0.75],
];
const csv = ['sentence1,sentence2,score', ...rows.map((row) => row.join(',')), '只有一个句子,,0.5'].join('\n');

test('models are compared on scored pairs and on general ability, and say what was left out', async ({
  page,
  siteUrl,
}) => {
  test.setTimeout(8 * minute);
  await newOwnExperiment(page, siteUrl);
  await page.getByTestId('compare-models').click();
  await page.getByTestId('start-compare').click();
  const table = page.getByTestId('compare-table');
  await expect(table.locator('tbody tr')).toHaveCount(2, { timeout: 3 * minute });
  await expect(page.getByTestId('compare-progress')).toHaveCount(0, { timeout: minute });

  const panel = page.getByTestId('compare-pairs');
  await panel.locator('summary').click();
  await expectAccessible(page, 'comparison without scored pairs');
  const file = { name: 'pairs.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) };
  await page.getByTestId('pairs-file').setInputFiles(file);
  await expect(panel.locator('summary')).toContainText('8 pairs from pairs.csv');
  const notes = page.getByTestId('pairs-notes');
  await expect(notes).toHaveText('1 row left out');
  await notes.click();
  const list = page.getByRole('dialog');
  await expect(list).toContainText('All other rows were imported');
  await expect(list.locator('tbody tr')).toHaveCount(1);
  await expect(list).not.toContainText('Showing the first');
  await page.keyboard.press('Escape');
  await page.getByTestId('score-pairs').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('pairs-table').locator('tbody tr')).toHaveCount(2, { timeout: 2 * minute });
  await expect(panel.locator(':focus')).toHaveCount(1);
  await expect(page.getByTestId('pairs-answer')).toContainText('Spearman');
  const downloading = page.waitForEvent('download');
  await page.getByTestId('save-pairs').click();
  const saved = await readFile(await (await downloading).path(), 'utf8');
  expect(saved.charCodeAt(0)).toBe(0xfeff);
  expect(saved.trim().split('\r\n')).toHaveLength(5);

  await page.getByTestId('compare-probe').click();
  const ability = table.locator('tbody tr').first();
  await expect(ability).toContainText(/%\d*.*%/, { timeout: 3 * minute });
  await expect(page.getByTestId('compare-probe')).toHaveCount(0, { timeout: 3 * minute });
  await expectAccessible(page, 'comparison with scored pairs and general ability');

  // Leaving the screen loses neither the table nor the report of the import.
  await page.getByRole('link', { name: 'Back to the experiment' }).click();
  await expect(panel).toHaveCount(0);
  await page.goBack();
  await panel.locator('summary').click();
  await expect(page.getByTestId('pairs-table').locator('tbody tr')).toHaveCount(2, { timeout: minute });
  await expect(notes).toBeVisible();

  // Both are kept.
  await page.reload();
  await expect(page.getByTestId('compare-probe')).toHaveCount(0);
  await expect(page.getByTestId('compare-pairs').locator('summary')).toContainText('8 pairs');
  await setLanguage(page, 'zh');
  await expect(page.getByTestId('compare-pairs').locator('summary')).toContainText('8 对，来自 pairs.csv');
});
