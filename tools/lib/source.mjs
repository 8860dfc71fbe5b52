import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's root folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

export function version() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
}

const sources = [
  'index.html',
  'package-lock.json',
  'public',
  'src',
  'tools/lib/notices.mjs',
  'tools/lib/vitePlugins.mjs',
  'tools/lib/wasmModules.mjs',
  'tools/licences',
  'vite.config.ts',
  'workers',
];

/**
 * Returns a SHA-256 over every file that affects the built site. It is the same for a checkout and an unpacked archive.
 */
export function sourceHash() {
  const hash = createHash('sha256');
  const visit = (path) => {
    if (statSync(path).isDirectory()) for (const name of readdirSync(path).sort()) visit(join(path, name));
    else hash.update(relative(root, path).split(sep).join('/')).update('\0').update(readFileSync(path));
  };
  for (const name of sources) visit(join(root, name));
  return hash.digest('hex');
}
