import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './source.mjs';
import { runCommand } from './runCommand.mjs';

const venv = join(root, '.venv');
const python = join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const ready = join(venv, 'recallsmith-ready');

/**
 * Returns a Python interpreter that has the packages in tools/python/requirements.txt: RECALLSMITH_PYTHON if set,
 * otherwise the one in .venv, which is created if missing.
 */
export async function pythonWithPackages() {
  const given = process.env['RECALLSMITH_PYTHON'];
  if (given) return given;
  if (existsSync(ready)) return python;
  console.log('Creating a virtual environment with PyTorch, sentence-transformers and onnxruntime …');
  await runCommand('python3', ['-m', 'venv', venv]);
  await runCommand(python, ['-m', 'pip', 'install', '--quiet', '-r', 'tools/python/requirements.txt']);
  await runCommand(python, ['-c', `open(${JSON.stringify(ready)}, 'w').close()`]);
  return python;
}

/**
 * Encodes texts with the export in sentence-transformers and onnxruntime, and compares the vectors with the app's in
 * metrics.json. An adapter is loaded onto the base model with peft as well. Returns the smallest cosine of each. Rejects
 * with the reason in `stderr` if a cosine is too small, if a number of peft's vectors differs too much, or if
 * transformers initializes weights of the export that it finds in the folder `base`.
 */
export async function exportAgreesInPython(out, base) {
  const script = join(root, 'tools/python/export_check.py');
  const env = { ...process.env, HF_HUB_OFFLINE: '1', PYTHONDONTWRITEBYTECODE: '1' };
  const { stdout } = await promisify(execFile)(
    await pythonWithPackages(),
    [script, join(out, 'metrics.json'), join(out, 'export'), base],
    { env },
  );
  const cosines = JSON.parse(stdout.trim().split('\n').at(-1));
  return Object.entries(cosines)
    .map(([reader, cosine]) => `${reader} ${cosine.toFixed(7)}`)
    .join(', ');
}
