import type { Page } from '@playwright/test';
import { expectAccessible } from './accessibility';
import { expect, newOwnExperiment, setLanguage, test } from './support';

const minute = 60_000;

test('a map is drawn once and kept, lists what is visible, and opens a question with what it finds', async ({
  page,
  siteUrl,
}) => {
  test.setTimeout(6 * minute);
  await newOwnExperiment(page, siteUrl);
  await page.getByTestId('compare-models').click();
  await page.getByTestId('start-compare').click();
  await expect(page.getByTestId('compare-table').locator('tbody tr')).toHaveCount(2, { timeout: 3 * minute });
  await expect(page.getByTestId('compare-progress')).toHaveCount(0, { timeout: minute });
  await page.getByTestId('open-map').click();
  await expect(page.getByTestId('draw-map')).toBeVisible();
  await expectAccessible(page, 'map that is not drawn');
  await page.getByTestId('draw-map').click();
  await expect(page.getByTestId('map-colour')).toBeVisible({ timeout: 2 * minute });
  await expectAccessible(page, 'map');

  await expect(page.getByTestId('no-webgl')).toHaveCount(0);
  await tapPoint(page);
  await losesAndRestoresContext(page);
  await page.getByTestId('map-canvas').focus();
  await page.keyboard.press('0');
  await page.keyboard.press('Enter');
  await opensFirstQuestion(page);

  await page.reload();
  await expect(page.getByTestId('map-colour')).toBeVisible({ timeout: minute });
  await setLanguage(page, 'en');
  await page.getByTestId('theme').click();
  await page.getByTestId('map-colour').getByRole('button').nth(1).click();
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await expectAccessible(page, 'map on a narrow screen in the other theme');

  await page.addInitScript(() => (HTMLCanvasElement.prototype.getContext = () => null));
  await page.reload();
  await expect(page.getByTestId('no-webgl')).toBeVisible({ timeout: minute });
  await opensFirstQuestion(page);
});

/** Opens the first question of the list, and shows the passages that it finds. */
async function opensFirstQuestion(page: Page): Promise<void> {
  const question = page.getByTestId('map-list').locator('details').first();
  await question.locator('summary').click();
  await expect(question.locator('ol li').first()).toBeVisible();
}

/** Returns a place on the screen where something is drawn, or null if the canvas is empty. */
function drawnPlace(page: Page): Promise<{ x: number; y: number } | null> {
  return page.getByTestId('map-canvas').evaluate((canvas: HTMLCanvasElement) => {
    const gl = canvas.getContext('webgl');
    if (!gl) return null;
    const { width, height } = canvas;
    const pixels = new Uint8Array(4 * width * height);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    const at = pixels.findIndex((value, i) => i % 4 === 3 && value === 255);
    if (at < 0) return null;
    const pixel = Math.floor(at / 4);
    const { left, bottom } = canvas.getBoundingClientRect();
    const [right, up] = [pixel % width, Math.floor(pixel / width)];
    return { x: left + 1 + right / devicePixelRatio, y: bottom - 1 - up / devicePixelRatio };
  });
}

/** Taps a point with a finger; its text stays after the finger has been lifted. */
async function tapPoint(page: Page): Promise<void> {
  await page.getByTestId('map-canvas').scrollIntoViewIfNeeded();
  const untouched = (await page.getByTestId('map-pointed').textContent()) ?? '';
  const place = await drawnPlace(page);
  expect(place).not.toBeNull();
  const touch = await page.context().newCDPSession(page);
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: place ? [place] : [] });
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await touch.detach();
  await expect(page.getByTestId('map-pointed')).not.toHaveText(untouched);
}

/** Takes the context away as a browser does with pages in the background; the map is drawn again after that. */
async function losesAndRestoresContext(page: Page): Promise<void> {
  await page.getByTestId('map-canvas').evaluate(async (canvas: HTMLCanvasElement) => {
    const extension = canvas.getContext('webgl')?.getExtension('WEBGL_lose_context');
    if (!extension) throw new Error('no WEBGL_lose_context');
    const heard = (name: string) => new Promise((resolve) => canvas.addEventListener(name, resolve, { once: true }));
    const lost = heard('webglcontextlost');
    extension.loseContext();
    await lost;
    // A context can be restored only after the event of its loss has been handled.
    await new Promise((resolve) => setTimeout(resolve));
    const restored = heard('webglcontextrestored');
    extension.restoreContext();
    await restored;
  });
  await expect.poll(() => drawnPlace(page)).not.toBeNull();
}
