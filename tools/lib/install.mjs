import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './runCommand.mjs';
import { root } from './source.mjs';

function npm(args) {
  const script = process.env['npm_execpath'];
  if (script?.endsWith('.js')) return runCommand(process.execPath, [script, ...args]);
  return runCommand('npm', args, { shell: process.platform === 'win32' });
}

function isInstalled() {
  const record = join(root, 'node_modules/.package-lock.json');
  return existsSync(record) && statSync(record).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

/** Installs from the lock file if node_modules is missing or older than the lock file. */
export async function installWhenNeeded() {
  if (isInstalled()) return;
  console.log('Installing the packages in package-lock.json …');
  await npm(['ci']);
}
