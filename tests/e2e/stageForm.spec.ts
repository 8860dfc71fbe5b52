import { demoModel, expect, importModelFolder, importOwnData, newExperiment, openStage, test } from './support';

test('text typed for one stage does not stay in the fields when another stage is chosen', async ({ page, siteUrl }) => {
  await newExperiment(page, siteUrl);
  await importModelFolder(page, demoModel);
  await openStage(page, 'train');
  await page.getByTestId('add-stage').click();
  const advanced = page.getByTestId('advanced-settings');
  await advanced.locator('summary').click();
  const fields = ['duration', 'learningRate', 'warmup', 'layerDecay', 'accumulation', 'matryoshka', 'frozenLayers'].map(
    (id) => page.locator(`#${id}`),
  );
  const values = await Promise.all(fields.map((field) => field.inputValue()));
  for (const field of fields) {
    await field.fill('no number');
    await expect(field).toHaveAttribute('aria-invalid', 'true');
  }
  await page.locator('input[name="stage"]').first().check();
  for (const [i, field] of fields.entries()) {
    await expect(field).toHaveValue(values[i] ?? '');
    await expect(field).toHaveAttribute('aria-invalid', 'false');
  }
  await expect(advanced).toHaveAttribute('open');
});

test('the negatives of each stage have separate fields', async ({ page, siteUrl }) => {
  await newExperiment(page, siteUrl);
  await importOwnData(page);
  await openStage(page, 'negatives');
  await page.locator('#negatives').selectOption('random');
  await openStage(page, 'train');
  await page.getByTestId('add-stage').click();
  await openStage(page, 'negatives');
  const field = page.locator('#negativesPerAnchor');
  const value = await field.inputValue();
  await field.fill('no number');
  await expect(field).toHaveAttribute('aria-invalid', 'true');
  await page.locator('.segments button').first().click();
  await expect(field).toHaveValue(value);
  await expect(page.getByTestId('negatives-list').locator('> li').first()).toBeVisible();
});

test('a prefix is chosen by its preset, and unusable tokens are not accepted', async ({ page, siteUrl }) => {
  await newExperiment(page, siteUrl);
  await importModelFolder(page, demoModel);
  await openStage(page, 'train');
  await page.getByTestId('strategy-preset-fullThenPrefix').check();
  await page.locator('input[name="stage"]').nth(1).check();
  await expect(page.locator('#strategy')).toHaveValue('prefix');
  await expect(page.locator('#frozenLayers')).toHaveCount(0);
  const tokens = page.locator('#prefixTokens');
  await expect(tokens).toHaveValue('8');
  for (const nonsense of ['0', '65', '1.5', 'a, a', 'a b', '[SEP]', '']) {
    await tokens.fill(nonsense);
    await expect(tokens).toHaveAttribute('aria-invalid', 'true');
  }
  await tokens.fill('[q1], [q2]');
  await expect(tokens).toHaveAttribute('aria-invalid', 'false');
  await page.locator('#prefixSide').selectOption('both');
  await expect(page.getByTestId('trained-count')).toContainText('512');
});
