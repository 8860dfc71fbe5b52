import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './runCommand.mjs';
import { root, sourceHash, version } from './source.mjs';

/** The folder of the built site. */
export const site = join(root, 'dist');

/**
 * File with the hash of the sources that the site was built from. `npm start` rebuilds the site if the sources have
 * changed.
 */
export const buildFile = 'build.json';

function isBuilt() {
  try {
    return JSON.parse(readFileSync(join(site, buildFile), 'utf8')).sourceHash === sourceHash();
  } catch {
    return false;
  }
}

/** Builds the site if it is missing or was built from different sources. */
export async function buildWhenNeeded() {
  if (isBuilt()) return;
  console.log('Building the site …');
  await runCommand(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'error']);
}

/** Returns version and source hash. Each run records them, so runs of the same code can be recognized. */
export function buildName() {
  return `${version()}+${sourceHash().slice(0, 12)}`;
}
