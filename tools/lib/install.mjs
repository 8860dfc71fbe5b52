import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root, sourceHash } from './build.mjs';

/** Runs a command in this terminal. Rejects with one sentence if the command fails. */
export function runCommand(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    child.once('error', (error) => reject(new Error(`${command} did not start: ${error.message}`)));
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${[command, ...args].join(' ')} exited with code ${code}.`)),
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

/** Installs from the lock file if node_modules is missing or older than the lock file. */
export async function installWhenNeeded() {
  if (isInstalled()) return;
  console.log('Installing the packages in package-lock.json …');
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

/** Builds the site if it is missing or was built from different sources. */
export async function buildWhenNeeded() {
  if (isBuilt()) return;
  console.log('Building the site …');
  await runCommand(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'error']);
}
