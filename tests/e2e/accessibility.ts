import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { setLanguage } from './support';

/** Expects that axe finds nothing serious or critical on the current screen, in either language. */
export async function expectAccessible(page: Page, screen: string): Promise<void> {
  for (const language of ['zh', 'en'] as const) {
    await setLanguage(page, language);
    const { violations } = await new AxeBuilder({ page }).analyze();
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    const findings = serious.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')}`));
    expect(findings, `${screen}, ${language}`).toEqual([]);
  }
}
