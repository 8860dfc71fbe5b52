import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './build.mjs';
import { runCommand } from './install.mjs';

const venv = join(root, '.venv');
const python = join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const ready = join(venv, 'recallsmith-ready');

/** The project's own virtual environment, made where it is missing. RECALLSMITH_PYTHON names another interpreter that has the packages. */
export async function pythonWithPackages() {
  const given = process.env['RECALLSMITH_PYTHON'];
  if (given) return given;
  if (existsSync(ready)) return python;
  console.log('Making a virtual environment with PyTorch, sentence-transformers and onnxruntime …');
  await runCommand('python3', ['-m', 'venv', venv]);
  await runCommand(python, ['-m', 'pip', 'install', '--quiet', '-r', 'tools/python/requirements.txt']);
  await runCommand(python, ['-c', `open(${JSON.stringify(ready)}, 'w').close()`]);
  return python;
}

/** The exported folder in sentence-transformers and onnxruntime, against the app's vectors in metrics.json. */
export async function exportAgreesInPython(out) {
  const script = join(root, 'tools/python/export_check.py');
  const env = { ...process.env, HF_HUB_OFFLINE: '1', PYTHONDONTWRITEBYTECODE: '1' };
  const { stdout } = await promisify(execFile)(
    await pythonWithPackages(),
    [script, join(out, 'metrics.json'), join(out, 'export')],
    { env },
  );
  const cosines = JSON.parse(stdout.trim().split('\n').at(-1));
  return Object.entries(cosines)
    .map(([reader, cosine]) => `${reader} ${cosine.toFixed(7)}`)
    .join(', ');
}
