import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ui = join(import.meta.dirname, '../../../src/ui');
const smallestPx = 13;

const styles = readdirSync(ui, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.svelte') || name.endsWith('.css'))
  .map((name) => ({ name, text: readFileSync(join(ui, name), 'utf8') }));
const tokens = readFileSync(join(ui, 'tokens.css'), 'utf8');

/** Returns the sizes of all `font` and `font-size` declarations and type tokens, in pixels. A rem is 16 px. */
function fontSizes(text: string): number[] {
  return [...text.matchAll(/(?:font(?:-size)?|--t-[a-z]+):\s*['`]?(?:\d+ )?(\d*\.?\d+)(rem|px)/g)].map(
    ([, size, unit]) => Number(size) * (unit === 'rem' ? 16 : 1),
  );
}

describe('the type of the page', () => {
  it('leaves the root font size alone, so that a rem is 16 px', () => {
    const base = readFileSync(join(ui, 'base.css'), 'utf8');
    const rules = [...base.replace(/\/\*.*?\*\//gs, '').matchAll(/([^{}]+)\{([^{}]*)\}/g)];
    const ofRoot = rules.filter(([, selector]) => /(?:^|,)\s*(?:html|:root)/.test(selector ?? ''));
    expect(ofRoot.length).toBeGreaterThan(0);
    for (const [, , body] of ofRoot) expect(body).not.toMatch(/(?:^|\s)font(?:-size)?:/);
    const ofBody = rules.find(([, selector]) => selector?.trim() === 'body');
    expect(ofBody?.[2]).toMatch(/font: var\(--t-body\)/);
  });

  it('is nowhere smaller than 13 px', () => {
    const small = styles.flatMap(({ name, text }) =>
      fontSizes(text)
        .filter((size) => size < smallestPx)
        .map((size) => `${name}: ${size} px`),
    );
    expect(small).toEqual([]);
    expect(fontSizes(tokens)).toContain(smallestPx);
  });

  it('has sizes in pixels and rem only, because others depend on the text around them', () => {
    const other = styles.flatMap(({ name, text }) =>
      [...text.matchAll(/(?<!-)(?:font-size|font):\s*([^;]+);/g)]
        .map(([, size = '']) => size)
        .filter((size) => !/\d(?:rem|px)\b|var\(--t-|inherit/.test(size))
        .map((size) => `${name}: ${size}`),
    );
    expect(other).toEqual([]);
  });

  it('draws figures in Chinese text in the Chinese font', () => {
    const [chinese = ''] = [...tokens.matchAll(/--font:\s*([^;]+);/g)].map(([, list]) => list ?? '');
    expect(chinese).toContain('PingFang SC');
    expect(chinese.indexOf('PingFang SC')).toBeLessThan(chinese.indexOf('system-ui'));
  });

  it('draws English text in Latin fonts, because Chinese ones have wide apostrophes and quotation marks', () => {
    const fonts = /:root:lang\(en\)[^}]*--font:([^;]*);/.exec(tokens)?.[1] ?? '';
    expect(fonts).toContain('system-ui');
    expect(fonts.indexOf('system-ui')).toBeLessThan(fonts.indexOf("'PingFang SC'"));
  });
});
