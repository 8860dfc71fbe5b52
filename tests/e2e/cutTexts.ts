import type { Page } from '@playwright/test';

/** Returns the texts that are cut off or overflow: those in boxes that are too narrow for them, and those in charts. */
export function cutTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const shown = (element: Element): boolean => element.checkVisibility() && !element.closest('.visually-hidden');
    const ownText = (element: Element): boolean =>
      [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
    // Hashes are cut on purpose.
    const boxes = [...document.querySelectorAll('body *:not(code, svg *, input, select, option, textarea)')].filter(
      (element) => ownText(element) && element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1,
    );
    const labels = [...document.querySelectorAll<SVGTextElement>('svg text')].filter(
      (text) => text.getBoundingClientRect().right > (text.ownerSVGElement?.getBoundingClientRect().right ?? 0) + 1,
    );
    return [...boxes, ...labels].filter(shown).map((element) => element.textContent ?? '');
  });
}
