import { encoded } from '../unit/import/encoded';
import { workbook } from '../unit/import/workbook';
import { expect, newExperiment, setLanguage, test } from './support';

const tickets = Buffer.from(
  workbook(
    { name: '封面', rows: [['工单导出']] },
    {
      name: '工单',
      rows: [
        ['单号', '养殖户说', '兽医处理', '分类'],
        ['0012', '猪不吃食', '先量体温', '病'],
        ['0013', '猪咳嗽', '通风', '病'],
      ],
    },
  ),
);
const file = { name: '工单.xlsx', mimeType: 'application/octet-stream', buffer: tickets };

test('an Excel file with odd column names is imported by choosing sheet and columns, which are remembered', async ({
  page,
  siteUrl,
}) => {
  await newExperiment(page, siteUrl);
  await setLanguage(page, 'zh');
  await page.getByTestId('import-pairs').setInputFiles(file);
  await expect(page.getByTestId('error-panel')).toContainText('工单.xlsx');
  await page.getByTestId('columns-pairs').click();
  await page.getByTestId('sheet').selectOption('工单');
  await expect(page.getByTestId('columns-missing')).toContainText('问题');
  await page.getByTestId('column-1').selectOption('anchor');
  await page.getByTestId('column-2').selectOption('positive');
  await page.getByTestId('columns-apply').click();
  const slot = page.locator('section[aria-labelledby="slot-pairs"]');
  await expect(slot).toContainText('留给后面的阶段用：分类 → 主题。');
  await expect(slot).toContainText('没用到：单号。');
  await slot.getByRole('button', { name: '查看数据' }).click();
  await expect(page.getByTestId('kept-columns')).toContainText('主题 1 种');
  await expect(page.getByRole('dialog')).toContainText('先量体温');

  // The choice also applies in another experiment, to a CSV file with the same columns.
  await page.reload();
  await newExperiment(page, siteUrl);
  const csv = Buffer.from('单号,养殖户说,兽医处理,分类\n0014,猪发烧,补液,病\n');
  await page.getByTestId('import-pairs').setInputFiles({ name: '新.csv', mimeType: 'text/csv', buffer: csv });
  await expect(slot).toContainText('各列按你为这种表头选过的用途读取。');
  await expect(slot).toContainText('1 行');

  // Import the same workbook again: its second sheet is read without being chosen.
  await page.getByTestId('import-pairs').setInputFiles(file);
  await expect(slot).toContainText('工作表沿用你上次为这类工作簿选的那张。');
  await expect(slot).toContainText('2 行');
});

test('an encoding chosen next to the first rows applies to them immediately, and later to similar files', async ({
  page,
  siteUrl,
}) => {
  await newExperiment(page, siteUrl);
  await setLanguage(page, 'en');
  const slot = page.locator('section[aria-labelledby="slot-pairs"]');
  const drop = (name: string, text: string) =>
    page.getByTestId('import-pairs').setInputFiles({
      name,
      mimeType: 'text/csv',
      buffer: Buffer.from(encoded('gb18030', `query,answer\n${text}\n`)),
    });
  await drop('a.csv', '猪瘟,隔离');
  await page.getByTestId('columns-pairs').click();
  await expect(page.getByTestId('encoding-several')).toContainText('GB18030');
  const dialog = page.getByRole('dialog');
  const before = await dialog.locator('tbody').textContent();
  const other = (await page.getByTestId('encoding').inputValue()) === 'big5' ? 'gb18030' : 'big5';
  await page.getByTestId('encoding').selectOption(other);
  await expect(dialog.locator('tbody')).not.toHaveText(before ?? '');
  await page.getByTestId('columns-apply').click();
  await expect(slot).toContainText('Read in the encoding you chose');
  await drop('b.csv', '羊痘,消毒');
  await expect(slot).toContainText('b.csv');
  await expect(slot).toContainText('Read in the encoding you chose');
});
