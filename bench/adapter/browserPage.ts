import { spawn, type ChildProcess } from 'node:child_process';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { chromiumFlags, windowFlags } from '../../tools/lib/chromium.mjs';
import { needsWindow, virtualScreen } from '../../tools/lib/display.mjs';

/** The first flag enables half precision on NVIDIA. The second turns off the rounding of timestamps to 100 µs. */
const developerFlags = [
  '--enable-dawn-features=vulkan_enable_f16_on_nvidia,allow_unsafe_apis',
  '--enable-webgpu-developer-features',
];
const contentTypes: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

interface PageOptions {
  /** Path of the browser. */
  browser: string;
  /** The built page. */
  folder: string;
  /** The query of the page's address, which tells the page what to measure. */
  query: URLSearchParams;
  timeoutMs: number;
  /** Whether to compute on the CPU instead of the adapter. */
  software?: boolean;
}

/**
 * Opens the page in Chromium, in a fresh profile, and passes each message that it POSTs to `receive` until that returns
 * a value. Rejects if the page posts an `error`, if the browser ends, or if time is up.
 */
export async function runPage<Message extends object, Result>(
  options: PageOptions,
  receive: (message: Message) => Result | undefined,
): Promise<Result> {
  let take: (message: Message | { error: string }) => void = () => undefined;
  const server = await serve<Message | { error: string }>(options.folder, (message) => take(message));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const browser = await start(options, `http://127.0.0.1:${port}/index.html?${options.query}`);
  let late: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Result>((resolve, reject) => {
      late = setTimeout(() => reject(new Error('the page did not answer in time')), options.timeoutMs);
      browser.process.once('exit', (code) =>
        reject(new Error(`the browser ended with code ${code}: ${browser.errors()}`)),
      );
      take = (message) => {
        if ('error' in message) return reject(new Error(String(message.error)));
        const result = receive(message);
        if (result !== undefined) resolve(result);
      };
    });
  } finally {
    clearTimeout(late);
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}

/** A screen in memory; `display` is its address for DISPLAY. */
interface VirtualScreen {
  display: string;
  close: () => void;
}

interface Browser {
  process: ChildProcess;
  errors: () => string;
  close: () => Promise<void>;
}

/**
 * Starts Chromium with a fresh profile. If headless Chromium would find no card, opens a window on a virtual screen.
 */
async function start({ browser: path, software = false }: PageOptions, url: string): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'recallsmith-adapter-'));
  const screen = !software && needsWindow() ? ((await virtualScreen()) as VirtualScreen) : null;
  const flags = [
    ...chromiumFlags(software ? 'software' : 'hardware'),
    ...(screen ? windowFlags : ['--headless=new']),
    ...developerFlags,
    `--user-data-dir=${profile}`,
  ];
  const env = { ...process.env, ...(screen ? { DISPLAY: screen.display } : {}) };
  const browser = spawn(path, [...flags, url], { stdio: ['ignore', 'ignore', 'pipe'], env });
  let errors = '';
  browser.stderr.on('data', (data: Buffer) => (errors = (errors + data.toString()).slice(-4000)));
  const exited = new Promise<void>((resolve) => browser.once('exit', () => resolve()));
  browser.once('error', (error) => (errors += error.message));
  const close = async (): Promise<void> => {
    browser.kill();
    await exited;
    screen?.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return { process: browser, errors: () => errors, close };
}

/** Serves the page with the app's isolation headers, without which `performance.now` is rounded to 100 µs. */
function serve<Message>(folder: string, onMessage: (message: Message) => void): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.method === 'POST') void receiveMessage(request, response, onMessage);
    else sendFile(folder, new URL(request.url ?? '/', 'http://localhost').pathname, response);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

async function receiveMessage<Message>(
  request: IncomingMessage,
  response: ServerResponse,
  onMessage: (message: Message) => void,
): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  response.writeHead(204).end();
  onMessage(JSON.parse(Buffer.concat(parts).toString()) as Message);
}

function sendFile(folder: string, path: string, response: ServerResponse): void {
  const file = normalize(join(folder, path));
  if (!file.startsWith(folder) || !existsSync(file) || !statSync(file).isFile()) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, {
    'Content-Type': contentTypes[extname(file)] ?? 'application/octet-stream',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
  });
  createReadStream(file).pipe(response);
}
