import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { setLanguage } from './support';

/** Returns Chinese sentences that are followed by a space, as after an English full stop. */
function spacedSentences(page: Page): Promise<string[]> {
  return page.evaluate(() => document.body.innerText.match(/.{0,20}[。！？；] +\S.{0,20}/g) ?? []);
}

/**
 * Expects that axe finds nothing serious or critical on the current screen, in either language, and that no space
 * separates Chinese sentences.
 */
export async function expectAccessible(page: Page, screen: string): Promise<void> {
  // In this mode axe opens no second page to join the findings of frames. That would take 0.7 CPU s each time.
  expect(page.frames()).toHaveLength(1);
  for (const language of ['zh', 'en'] as const) {
    await setLanguage(page, language);
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    const findings = serious.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')}`));
    expect(findings, `${screen}, ${language}`).toEqual([]);
    if (language === 'zh') expect(await spacedSentences(page), screen).toEqual([]);
  }
}
