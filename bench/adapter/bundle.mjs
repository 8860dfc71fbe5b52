import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../../tools/lib/source.mjs';

/** Writes the benchmark of the adapter as a folder that needs no node_modules: main.mjs and PyTorch's script. */
export async function writeBundle(folder, entry = join(root, 'bench/adapter/node.ts')) {
  const { build } = await import('vite');
  await mkdir(folder, { recursive: true });
  await build({
    configFile: false,
    root,
    publicDir: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: {
      ssr: entry,
      outDir: folder,
      emptyOutDir: false,
      target: 'node20',
      minify: false,
      rollupOptions: { output: { entryFileNames: 'main.mjs', inlineDynamicImports: true } },
    },
  });
  await copyFile(join(root, 'bench/peers/pytorch_adapter.py'), join(folder, 'pytorch_adapter.py'));
}
