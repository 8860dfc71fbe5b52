/* Compiles the wasm engine's AssemblyScript once for each combination of features that a browser may have. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { root } from './source.mjs';

const sources = join(root, 'workers/engine/wasm/assembly');
const compiler = join(root, 'node_modules/assemblyscript/bin/asc.js');
const flags = ['-O3', '--noAssert', '--runtime', 'stub', '--use', 'abort=', '--importMemory', '--initialMemory', '16'];

/**
 * Modules with `relaxed` use fused multiply-add. Threads need `shared` memory, which only cross-origin isolated pages
 * get.
 */
const variants = {
  'relaxed-shared.wasm': ['--enable', 'simd,relaxed-simd,threads', '--sharedMemory', '--maximumMemory', '65536'],
  'relaxed-own.wasm': ['--enable', 'simd,relaxed-simd'],
  'plain-shared.wasm': ['--enable', 'simd,threads', '--sharedMemory', '--maximumMemory', '65536'],
  'plain-own.wasm': ['--enable', 'simd'],
};

/** Returns [name, path] of each module. Modules are cached by a hash of their sources and compiled only if missing. */
export function wasmModules() {
  const hash = createHash('sha256').update(JSON.stringify([flags, variants]));
  for (const name of readdirSync(sources).sort()) hash.update(name).update(readFileSync(join(sources, name)));
  hash.update(readFileSync(join(root, 'node_modules/assemblyscript/package.json')));
  const folder = join(root, '.cache/wasm', hash.digest('hex').slice(0, 16));
  mkdirSync(folder, { recursive: true });
  return Object.entries(variants).map(([name, features]) => {
    const path = join(folder, name);
    if (!existsSync(path)) build(path, features);
    return [name, path];
  });
}

/**
 * Compiles one module under a temporary name first, so that an interrupted build is never mistaken for a finished one.
 */
function build(path, features) {
  const unfinished = `${path}.${process.pid}`;
  execFileSync(process.execPath, [compiler, join(sources, 'index.ts'), '-o', unfinished, ...flags, ...features], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  renameSync(unfinished, path);
}
