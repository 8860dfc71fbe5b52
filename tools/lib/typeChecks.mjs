import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './source.mjs';

/** Zones that tsc checks. svelte-check checks the page, which has components. */
export const zones = ['domain', 'workers', 'tests'];

/** Returns script and arguments that check the types of a zone. */
export function zoneCheck(zone) {
  return { script: join(root, 'node_modules/@typescript/native/bin/tsc'), args: ['-p', `tsconfig.${zone}.json`] };
}

/** Returns script and arguments that check types and components of the page. */
export function pageCheck() {
  return {
    script: join(root, 'node_modules/svelte-check/bin/svelte-check'),
    args: ['--tsconfig', 'tsconfig.page.json', '--fail-on-warnings', '--tsgo'],
  };
}

/**
 * Deletes the components that svelte-check has translated to TypeScript. Otherwise, it would keep a component whose
 * source was deleted, and imports of it would still pass.
 */
export function deleteTranslatedComponents() {
  rmSync(join(root, '.svelte-check'), { recursive: true, force: true });
}
