import { describe, expect, it } from 'vitest';
import { circlesIn, relativeImports, resolveImport } from '../../../tools/lint/importCircles';

describe('the rule against import circles', () => {
  it('reads the relative imports of a module, including type imports and dynamic imports', () => {
    const text = `
      import * as a from './a';
      import type { B } from '../b';
      import {
        c,
        type D,
      } from './c';
      export { e } from './e';
      import './style.css';
      import { parse } from 'valibot';
      const f = () => import('./f');
    `;
    expect(relativeImports(text)).toEqual(['./a', '../b', './c', './e', './style.css', './f']);
  });

  it('resolves an import to the file it names', () => {
    const paths = new Set(['src/a.ts', 'src/i18n/index.ts', 'src/ui/Icon.svelte']);
    expect(resolveImport('src/ui/b.ts', '../a', paths)).toBe('src/a.ts');
    expect(resolveImport('src/ui/b.ts', '../i18n', paths)).toBe('src/i18n/index.ts');
    expect(resolveImport('src/ui/b.ts', './Icon.svelte', paths)).toBe('src/ui/Icon.svelte');
    expect(resolveImport('src/ui/b.ts', './missing', paths)).toBeNull();
  });

  it('finds circles of two and more modules, and none in a tree', () => {
    const graph = new Map([
      ['a', ['b', 'c']],
      ['b', ['c']],
      ['c', ['b', 'd']],
      ['d', []],
      ['x', ['y']],
      ['y', ['z']],
      ['z', ['x', 'a']],
    ]);
    expect(circlesIn(graph).map((circle) => [...circle].sort())).toEqual([
      ['b', 'c'],
      ['x', 'y', 'z'],
    ]);
    expect(
      circlesIn(
        new Map([
          ['a', ['b', 'c']],
          ['b', ['c']],
          ['c', []],
        ]),
      ),
    ).toEqual([]);
  });
});
