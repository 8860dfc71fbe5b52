import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import type { Page } from '@playwright/test';
import { listen } from '../../tools/lib/server.mjs';
import { root } from './support';

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};
const emptyPage = '<!doctype html><meta charset="utf-8"><title>transformers.js</title>';

async function serveFolders(folders: Record<string, string>): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    if (path === '/') return void response.writeHead(200, { 'Content-Type': 'text/html' }).end(emptyPage);
    const [, first = '', ...rest] = path.split('/');
    const folder = folders[first];
    const file = folder === undefined ? '' : normalize(join(folder, ...rest));
    if (folder === undefined || !file.startsWith(folder) || !existsSync(file) || !statSync(file).isFile())
      return void response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  });
  const port = await listen(server, 0);
  return { url: `http://127.0.0.1:${port}/`, close: () => void (server.closeAllConnections(), server.close()) };
}

/** The parts of the transformers.js module that are used here. */
interface TransformersJs {
  env: {
    allowRemoteModels: boolean;
    allowLocalModels: boolean;
    localModelPath: string;
    backends: { onnx: { wasm: { wasmPaths: string } } };
  };
  pipeline: (
    task: string,
    model: string,
    options: object,
  ) => Promise<(texts: string[], options: object) => Promise<{ tolist: () => number[][] }>>;
}

/** Encodes `texts` with an exported model in transformers.js, in a browser and from local files only. */
export async function encodeInTransformersJs(page: Page, exportFolder: string, texts: string[]): Promise<number[][]> {
  const host = await serveFolders({
    export: exportFolder,
    transformers: join(root, 'node_modules/@huggingface/transformers/dist'),
    ort: join(root, 'node_modules/onnxruntime-web/dist'),
  });
  await page.goto(host.url);
  const vectors = await page.evaluate(
    async ({ url, texts }) => {
      const { env, pipeline } = (await import(`${url}transformers/transformers.min.js`)) as TransformersJs;
      env.allowRemoteModels = false;
      env.allowLocalModels = true;
      // This must be a path. With a URL, transformers.js 4 does not look for a tokenizer.
      env.localModelPath = '/';
      env.backends.onnx.wasm.wasmPaths = `${url}ort/`;
      const embed = await pipeline('feature-extraction', 'export', { dtype: 'fp32', device: 'wasm' });
      return (await embed(texts, { pooling: 'mean', normalize: true })).tolist();
    },
    { url: host.url, texts },
  );
  host.close();
  return vectors;
}
