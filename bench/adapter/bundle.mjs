import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../../tools/lib/source.mjs';

const common = { configFile: false, publicDir: false, logLevel: 'error' };

/**
 * Builds main.mjs, the benchmark's program, so that it runs without node_modules; `entry` may replace its entry file.
 */
async function buildProgram(folder, entry = join(root, 'bench/adapter/node.ts')) {
  const { build } = await import('vite');
  await build({
    ...common,
    root,
    ssr: { noExternal: true },
    // In the bundle, the program looks for installed browsers, not for Playwright's.
    resolve: { alias: { 'playwright-core': join(root, 'bench/adapter/noPlaywright.mjs') } },
    build: {
      ssr: entry,
      outDir: folder,
      emptyOutDir: false,
      target: 'node20',
      minify: false,
      rollupOptions: { output: { entryFileNames: 'main.mjs', codeSplitting: false } },
    },
  });
}

/** Builds the page that measures in Chromium. */
async function buildPage(folder) {
  const { build } = await import('vite');
  await build({
    ...common,
    root: join(root, 'bench/adapter/page'),
    base: './',
    worker: { format: 'es' },
    build: { outDir: folder, emptyOutDir: true, target: 'es2022' },
  });
}

/** Writes the whole benchmark as a folder that needs no node_modules: program, page and PyTorch's script. */
export async function writeBundle(folder, entry) {
  await mkdir(folder, { recursive: true });
  await buildProgram(folder, entry);
  await buildPage(join(folder, 'page'));
  await copyFile(join(root, 'bench/peers/pytorch_adapter.py'), join(folder, 'pytorch_adapter.py'));
}
