import { spawn } from 'node:child_process';
import { root } from './source.mjs';

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
