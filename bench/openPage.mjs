import { createReadStream, existsSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { chromium } from 'playwright-core';
import { root } from '../tools/lib/source.mjs';
import { chromiumFlags } from '../tools/lib/chromium.mjs';

/** Folder of the exported model that transformers.js loads. */
export const exportFolder = join(root, '.cache/bench/export');

/** Content types by file extension. */
const types = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

/** Returns a Vite plugin that serves some folders without transforming their files. */
function plainFolders() {
  const folders = {
    export: exportFolder,
    transformers: join(root, 'node_modules/@huggingface/transformers/dist'),
    ort: join(root, 'node_modules/onnxruntime-web/dist'),
  };
  return {
    name: 'plain-folders',
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const [, first = '', ...rest] = new URL(request.url, 'http://localhost').pathname.split('/');
        const folder = folders[first];
        const file = folder === undefined ? '' : normalize(join(folder, ...rest));
        if (folder === undefined || !file.startsWith(folder) || !existsSync(file) || !statSync(file).isFile())
          return next();
        response.writeHead(200, {
          'Content-Type': types[extname(file)] ?? 'application/octet-stream',
          'Cross-Origin-Opener-Policy': 'same-origin',
          'Cross-Origin-Embedder-Policy': 'require-corp',
        });
        createReadStream(file).pipe(response);
      });
    },
  };
}

/**
 * Serves the project with Vite and opens the benchmark's page in Chromium. `call` runs a function that
 * bench/page/rows.ts exports.
 */
export async function openPage(browserPath) {
  const { createServer } = await import('vite');
  const server = await createServer({
    root,
    logLevel: 'error',
    plugins: [plainFolders()],
    server: { port: 0, host: '127.0.0.1', strictPort: false, hmr: false },
    // Bundle every package before the first request: a package found later restarts Vite and fails the row.
    optimizeDeps: { entries: ['bench/page/*.{html,ts}', 'workers/*.ts'] },
  });
  await server.listen();
  const { port } = server.httpServer.address();
  // Use a profile on disk, because without one the browser keeps the database and blobs in memory.
  const profile = await mkdtemp(join(tmpdir(), 'recallsmith-bench-'));
  const options = { executablePath: browserPath, args: chromiumFlags('software') };
  const browser = await chromium.launchPersistentContext(profile, options);
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(error.message));
  await page.goto(`http://127.0.0.1:${port}/bench/page/index.html`);
  const call = (name, ...args) =>
    page.evaluate(async ([name, args]) => (await import('/bench/page/rows.ts'))[name](...args), [name, args]);
  const close = async () => {
    await browser.close();
    await server.close();
    await rm(profile, { recursive: true, force: true });
  };
  return { call, close };
}
