import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { createHash } from 'node:crypto';
import { root, sourceHash, version } from './source.mjs';

const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.jsonl': 'application/jsonl; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/** Headers for cross-origin isolation, which gives the page SharedArrayBuffer for wasm threads. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
};

/** Path at which a running server identifies itself. */
const identityPath = '/__recallsmith';
/** Distinguishes checkouts without revealing the name of their folder. */
const rootHash = createHash('sha256').update(root).digest('hex').slice(0, 16);

function identity() {
  return { app: 'recallsmith', version: version(), root: rootHash, sources: sourceHash() };
}

export function sendJson(response, status, value) {
  response.writeHead(status, { ...isolation, 'Content-Type': types['.json'], 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(value));
}

/** Streams a file with its content type and an ETag. */
export async function sendFile(request, response, file, cacheControl = 'no-cache') {
  const info = await stat(file).catch(() => null);
  if (!info?.isFile()) return sendJson(response, 404, { error: 'not found' });
  const etag = `"${info.size.toString(36)}-${Math.round(info.mtimeMs).toString(36)}"`;
  const headers = { ...isolation, ETag: etag, 'Cache-Control': cacheControl };
  if (request.headers['if-none-match'] === etag) return response.writeHead(304, headers).end();
  response.writeHead(200, {
    ...headers,
    'Content-Type': types[extname(file)] ?? 'application/octet-stream',
    'Content-Length': info.size,
  });
  if (request.method === 'HEAD') return response.end();
  createReadStream(file)
    .on('error', () => response.destroy())
    .pipe(response);
}

async function serveSite(request, response, site, path) {
  if (request.method !== 'GET' && request.method !== 'HEAD') return sendJson(response, 405, { error: 'only GET' });
  const file = normalize(join(site, path.endsWith('/') ? `${path}index.html` : path));
  if (!file.startsWith(site + sep)) return sendJson(response, 404, { error: 'not found' });
  // File names under assets/ contain a content hash, so these files never change.
  const hashed = path.startsWith('/assets/');
  return sendFile(request, response, file, hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
}

/**
 * Whether the Host header names this machine. Rejecting other names stops DNS rebinding, where a foreign name resolves
 * to 127.0.0.1.
 */
function isLocal(host = '') {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host);
}

/**
 * Serves a built site. `route(request, response, path)` may answer a request first; it then returns true.
 * @typedef {import('node:http').IncomingMessage} Request
 * @typedef {import('node:http').ServerResponse} Response
 * @param {{ site: string, route?: (request: Request, response: Response, path: string) => Promise<boolean> }} options
 */
export function siteServer({ site, route }) {
  const answer = async (request, response) => {
    if (!isLocal(request.headers.host)) return sendJson(response, 421, { error: 'unknown host' });
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    if (path === identityPath) return sendJson(response, 200, identity());
    if (route && (await route(request, response, path))) return;
    await serveSite(request, response, site, path);
  };
  return createServer((request, response) => {
    answer(request, response).catch((thrown) => {
      if (response.headersSent) response.destroy();
      else sendJson(response, 400, { error: thrown instanceof Error ? thrown.message : 'bad request' });
    });
  });
}

/**
 * Listens on 127.0.0.1 and resolves with the port. Port 0 picks a free one. Rejects with EADDRINUSE if the port is in
 * use.
 */
export function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve(server.address().port);
    });
  });
}

/** Returns as `kind` which program listens on a port: 'none', 'ours' (this checkout), 'other-checkout', or 'other'. */
export async function whoListens(port) {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${identityPath}`, { signal: AbortSignal.timeout(3000) });
    const identified = await response.json();
    if (identified?.app !== 'recallsmith') return { kind: 'other' };
    return { kind: identified.root === rootHash ? 'ours' : 'other-checkout' };
  } catch (error) {
    return { kind: error.cause?.code === 'ECONNREFUSED' ? 'none' : 'other' };
  }
}
