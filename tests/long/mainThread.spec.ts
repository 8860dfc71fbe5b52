import { writeFile } from 'node:fs/promises';
import type { Browser, Page } from '@playwright/test';
import {
  demoModel,
  expect,
  importModelFolder,
  importOwnData,
  newExperiment,
  openStage,
  runIsDone,
  setField,
  storedRuns,
  test,
} from '../e2e/support';

const minute = 60_000;
const longestAllowedMs = 50;

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Microseconds of the thread's CPU time, so time taken by other programs does not count. */
  tdur?: number;
  dur?: number;
  args?: { name?: string; data?: { url?: string } };
}

const key = ({ pid, tid }: TraceEvent): string => `${pid}/${tid}`;

/** Returns the main-thread tasks of the page while `work` runs, in milliseconds of thread time, longest first. */
async function mainThreadTasks(browser: Browser, page: Page, work: () => Promise<void>): Promise<number[]> {
  await browser.startTracing(page, { categories: ['toplevel', 'disabled-by-default-devtools.timeline', '__metadata'] });
  await work();
  const trace = JSON.parse((await browser.stopTracing()).toString('utf8')) as { traceEvents: TraceEvent[] };
  const mains = new Set(
    trace.traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain').map(key),
  );
  const tasks = trace.traceEvents.filter(
    (event) => event.ph === 'X' && mains.has(key(event)) && event.name === 'RunTask',
  );
  return tasks.map(({ tdur = NaN }) => tdur / 1000).sort((a, b) => b - a);
}

function expectShortTasks(tasks: number[]): void {
  expect(tasks.length).toBeGreaterThan(100);
  expect(tasks.every(Number.isFinite)).toBe(true);
  console.log(
    `longest main-thread tasks: ${tasks
      .slice(0, 5)
      .map((ms) => ms.toFixed(1))
      .join(', ')} ms`,
  );
  expect(tasks[0]).toBeLessThanOrEqual(longestAllowedMs);
}

test('importing 100,000 passages never blocks the page for more than 50 ms', async ({
  browser,
  page,
  siteUrl,
}, info) => {
  test.setTimeout(5 * minute);
  const file = info.outputPath('passages.jsonl');
  const row = (i: number): string =>
    JSON.stringify({ id: `p${i}`, text: `第 ${i} 段：${'猪舍的温度和湿度要每天记录。'.repeat(6)}` });
  await writeFile(file, Array.from({ length: 100_000 }, (_, i) => row(i)).join('\n'));
  await newExperiment(page, siteUrl);
  const tasks = await mainThreadTasks(browser, page, async () => {
    await page.getByTestId('import-knowledgeBase').setInputFiles(file);
    await expect(page.locator('section[aria-labelledby="slot-knowledgeBase"]')).toContainText('100,000', {
      timeout: 4 * minute,
    });
  });
  expectShortTasks(tasks);
});

test('training and evaluating never block the page for more than 50 ms', async ({ browser, page, siteUrl }) => {
  test.setTimeout(6 * minute);
  await newExperiment(page, siteUrl);
  await importOwnData(page);
  await importModelFolder(page, demoModel);
  await openStage(page, 'train');
  await setField(page, 'duration', 1);
  await setField(page, 'batchSize', 8);
  const tasks = await mainThreadTasks(browser, page, async () => {
    await page.getByTestId('start-run').click();
    await runIsDone(page, 1, 5 * minute);
  });
  expect((await storedRuns(page))[0]?.step).toBeGreaterThan(5);
  expectShortTasks(tasks);
});
