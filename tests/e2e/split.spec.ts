import { expect, importInto, newExperiment, openStage, setLanguage, test } from './support';

test('near-duplicates of test questions are removed from train by one click, and put back by another', async ({
  page,
  siteUrl,
}) => {
  await newExperiment(page, siteUrl);
  await setLanguage(page, 'en');
  const json = (rows: object[]) => JSON.stringify(rows);
  await importInto(page, 'knowledgeBase', { name: 'kb.json', content: json([{ id: 'p', text: '在设置里修改' }]) });
  const pairs = [
    { query: '怎样在手机上修改登录密码呢', positive: '在设置里修改' },
    { query: '食堂几点开门', positive: '早上七点' },
  ];
  await importInto(page, 'pairs', { name: 'pairs.json', content: json(pairs) });
  const questions = [{ query: '怎样在手机上修改登录密码', relevant: ['p'] }];
  await importInto(page, 'testQuestions', { name: 'test.json', content: json(questions) });
  await openStage(page, 'split');
  const leaks = page.getByTestId('leaks');
  await expect(leaks).toContainText('1 pair is nearly the same as a test question and still trained on.');
  await leaks.getByRole('button', { name: 'Remove 1 near-duplicate from train' }).click();
  await expect(leaks).toContainText('1 pair nearly the same as a test question was removed from train.');
  await leaks.getByRole('button', { name: 'Put back into train' }).click();
  await expect(leaks).toContainText('and still trained on');
  // The removal stays on when nothing is left to remove, and can be switched off then, too.
  await leaks.getByRole('button', { name: 'Remove 1 near-duplicate from train' }).click();
  await openStage(page, 'import');
  const others = [{ query: '年假有几天', relevant: ['p'] }];
  await importInto(page, 'testQuestions', { name: 'others.json', content: json(others) });
  await openStage(page, 'split');
  await expect(leaks).toContainText('Near-duplicates are removed from train as soon as there are any.');
  await leaks.getByRole('button', { name: 'Don’t remove near-duplicates' }).click();
  await expect(leaks).not.toContainText('Near-duplicates');
  await page.getByTestId('unknown-answers').getByRole('button', { name: 'Show these pairs' }).click();
  await expect(page.getByTestId('unknown-answer-list')).toContainText('早上七点');
});
