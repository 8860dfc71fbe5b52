import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { setLanguage } from './support';

/** Expects that axe finds nothing serious or critical on the current screen, in either language. */
export async function expectAccessible(page: Page, screen: string): Promise<void> {
  // In this mode axe opens no second page to join the findings of frames. That would take 0.7 CPU s each time.
  expect(page.frames()).toHaveLength(1);
  for (const language of ['zh', 'en'] as const) {
    await setLanguage(page, language);
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    const findings = serious.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')}`));
    expect(findings, `${screen}, ${language}`).toEqual([]);
  }
}
