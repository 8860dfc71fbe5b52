import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root, sourceHash } from './build.mjs';

/** Runs a command with the terminal handed through; rejects with one sentence when it fails. */
export function runCommand(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    child.once('error', (error) => reject(new Error(`${command} could not be started: ${error.message}`)));
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${[command, ...args].join(' ')} ended with code ${code}.`)),
    );
  });
}

function npm(args) {
  const script = process.env['npm_execpath'];
  if (script?.endsWith('.js')) return runCommand(process.execPath, [script, ...args]);
  return runCommand('npm', args, { shell: process.platform === 'win32' });
}

function isInstalled() {
  const record = join(root, 'node_modules/.package-lock.json');
  return existsSync(record) && statSync(record).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

/** Installs from the lock file when node_modules is missing or older than it. */
export async function installWhenNeeded() {
  if (isInstalled()) return;
  console.log('Installing what package-lock.json names …');
  await npm(['ci']);
}

export const site = join(root, 'dist');

function isBuilt() {
  try {
    return JSON.parse(readFileSync(join(site, 'build.json'), 'utf8')).sourceHash === sourceHash();
  } catch {
    return false;
  }
}

/** Builds the site when it is missing or was built from other sources. */
export async function buildWhenNeeded() {
  if (isBuilt()) return;
  console.log('Building the site …');
  await runCommand(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'error']);
}
