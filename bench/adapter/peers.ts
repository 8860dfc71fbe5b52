import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { PeerResult } from './report';
import { sizes } from './sizes';

/** Python's exit code when PyTorch or a CUDA device is missing; see bench/peers/pytorch_adapter.py. */
const noPeer = 3;

/**
 * Runs the script that times PyTorch on the same card, and calls `onResult` for each time. Resolves with the reason if
 * there is no PyTorch with CUDA.
 */
export function measurePytorch(
  script: string,
  { limitSeconds, python = 'python3' }: { limitSeconds: number; python?: string },
  onResult: (result: PeerResult) => void,
): Promise<string | null> {
  const { model, demo, steps, demoStep, encode, search } = sizes.full;
  const task = { model, demo, steps, demoStep, encode, search, limitSeconds };
  return new Promise((resolve) => {
    const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (data: Buffer) => (errors = (errors + data.toString()).slice(-2000)));
    createInterface(child.stdout).on('line', (line) => {
      onResult(JSON.parse(line) as PeerResult);
    });
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => {
      if (code === 0) resolve(null);
      else resolve(code === noPeer ? 'no PyTorch with CUDA' : errors.trim() || `exit code ${code}`);
    });
    child.stdin.on('error', () => undefined); // the process may end before it reads the task
    child.stdin.end(JSON.stringify(task));
  });
}
