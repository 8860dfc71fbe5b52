import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the hub misbehaves, by file path. */
interface Misbehaviour {
  /**
   * Cuts the connection after `after` bytes of a response, in the first `times` responses. All later responses have
   * the status `thenStatus`, if given.
   */
  cut?: { after: number; times: number; thenStatus?: number };
  /** Sends `after` bytes and then nothing, in the first response only. */
  stall?: { after: number };
  /** Sends at most this many bytes per 5 ms. */
  throttle?: number;
  /** Number of bytes to state in the listing. */
  claims?: number;
  /** Hash to state in the listing. */
  claimsHash?: string;
  /** Answers with a web page and status 200. */
  html?: boolean;
  /** Redirects to another path of this server, as hubs redirect to file servers, or to the server at this address. */
  redirect?: boolean | string;
  ignoreRange?: boolean;
  status?: number;
  /** Number of responses with `status`; later ones are normal. */
  times?: number;
  errorCode?: string;
  /** `Retry-After` of a response with `status`. */
  retryAfter?: string;
}

export interface Hub {
  url: string;
  /** Every request, as `METHOD path [range]`. */
  requests: { line: string; headers: IncomingMessage['headers'] }[];
  behave: Record<string, Misbehaviour>;
  /** The commit that `main` resolves to. */
  commit: string;
  close(): Promise<void>;
}

export interface HubOptions {
  id: string;
  files: Record<string, Buffer>;
  /** Entries per page of the listing. */
  pageSize?: number;
  /** Token that the model requires. */
  token?: string;
  /** Whether to send no CORS headers, so that browsers refuse the responses. */
  noCors?: boolean;
  protocol?: 'huggingface' | 'modelscope';
}

const sha = (algorithm: string, ...pieces: (string | Buffer)[]): string => {
  const hash = createHash(algorithm);
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
};

/** Files of at least this size are listed with their SHA-256, as in git LFS. */
const lfsFrom = 4096;

function treeEntry(path: string, content: Buffer, { claims, claimsHash }: Misbehaviour): object {
  const size = claims ?? content.length;
  if (content.length < lfsFrom)
    return { type: 'file', oid: claimsHash ?? sha('sha1', `blob ${content.length}\0`, content), size, path };
  const oid = sha('sha1', 'pointer', content);
  return { type: 'file', oid, size, lfs: { oid: claimsHash ?? sha('sha256', content), size, pointerSize: 134 }, path };
}

function modelScopeEntry(path: string, content: Buffer, { claims, claimsHash }: Misbehaviour, commit: string): object {
  return {
    Type: 'blob',
    Path: path,
    Name: path.split('/').at(-1),
    Size: claims ?? content.length,
    Sha256: claimsHash ?? sha('sha256', content),
    Revision: commit,
    CommittedDate: 1_700_000_000,
  };
}

const exposed = 'X-Error-Code, Link, Content-Range, ETag, X-Linked-Size, X-Linked-ETag';

/** State from which the hub answers. */
interface HubState extends HubOptions {
  commit: string;
  behave: Hub['behave'];
  /** Address of the server. */
  url: string;
}

function sendJson(response: ServerResponse, value: unknown, headers = {}): void {
  response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(value));
}

function sendError(response: ServerResponse, status: number, code?: string, retryAfter?: string): void {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    ...(code ? { 'X-Error-Code': code } : {}),
    ...(retryAfter ? { 'Retry-After': retryAfter } : {}),
  });
  response.end('{"error":"…"}');
}

function sendPage(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
  response.end('<!doctype html><title>Sign in</title>');
}

async function sendFile(hub: HubState, request: IncomingMessage, response: ServerResponse, path: string) {
  const content = hub.files[path];
  const how = (hub.behave[path] ??= {});
  if (!content) return sendError(response, 404, 'EntryNotFound');
  if (how.status !== undefined && (how.times ?? 1) > 0) {
    if (how.times !== undefined) how.times -= 1;
    return sendError(response, how.status, how.errorCode, how.retryAfter);
  }
  if (how.html) return sendPage(response);
  const from = how.ignoreRange ? 0 : Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (from > 0 && from >= content.length) return sendError(response, 416);
  const body = content.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': body.length,
    ...(from > 0 ? { 'Content-Range': `bytes ${from}-${content.length - 1}/${content.length}` } : {}),
  });
  await sendBody(how, response, body);
}

async function sendBody(how: Misbehaviour, response: ServerResponse, body: Buffer): Promise<void> {
  if (how.cut && how.cut.times > 0) {
    how.cut.times -= 1;
    if (how.cut.times === 0 && how.cut.thenStatus !== undefined) how.status = how.cut.thenStatus;
    response.write(body.subarray(0, how.cut.after), () => setTimeout(() => response.destroy(), 20));
    return;
  }
  if (how.stall) {
    response.write(body.subarray(0, how.stall.after));
    delete how.stall;
    return;
  }
  const step = how.throttle ?? body.length;
  for (let at = 0; at < body.length && !response.destroyed; at += step) {
    response.write(body.subarray(at, at + step));
    if (how.throttle !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  response.end();
}

/** Sends a page of Hugging Face's list of files. */
function sendListing({ files, behave, commit, url, pageSize = 1000 }: HubState, response: ServerResponse, at: URL) {
  if (behave['listing']?.html) return sendPage(response);
  const entries = Object.entries(files);
  const page = Number(at.searchParams.get('cursor') ?? 0);
  const shown = entries.slice(page * pageSize, (page + 1) * pageSize);
  const next = (page + 1) * pageSize < entries.length;
  sendJson(
    response,
    [
      { type: 'directory', oid: commit, size: 0, path: '1_Pooling' },
      ...shown.map(([path, content]) => treeEntry(path, content, behave[path] ?? {})),
    ],
    next ? { Link: `<${url}${at.pathname.slice(1)}?recursive=true&cursor=${page + 1}>; rel="next"` } : {},
  );
}

async function answer(hub: HubState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { id, token, protocol = 'huggingface' } = hub;
  const at = new URL(request.url ?? '/', 'http://hub');
  const path = decodeURIComponent(at.pathname).slice(1);
  if (path.startsWith('files/')) return sendFile(hub, request, response, path.slice('files/'.length));
  if (token !== undefined && request.headers.authorization !== `Bearer ${token}`)
    return sendError(response, 401, 'GatedRepo');
  if (protocol === 'modelscope') return answerAsModelScope(hub, request, response, { path, at });
  const known = hub.behave['listing'];
  if (known?.status !== undefined) return sendError(response, known.status, known.errorCode);
  if (path.startsWith(`api/models/${id}/`)) return answerAboutModel(hub, response, { path, at });
  const resolved = `${id}/resolve/${hub.commit}/`;
  if (!path.startsWith(resolved)) return sendError(response, 404, 'RepoNotFound');
  const name = path.slice(resolved.length);
  const redirect = hub.behave[name]?.redirect;
  if (!redirect) return sendFile(hub, request, response, name);
  response.writeHead(302, { Location: `${redirect === true ? '/' : redirect}files/${name}` });
  response.end();
}

/** Answers a request to Hugging Face's API. */
function answerAboutModel(hub: HubState, response: ServerResponse, { path, at }: { path: string; at: URL }): void {
  const { id, commit } = hub;
  const asked = path.slice(`api/models/${id}/`.length);
  if (asked === 'revision/main' || asked === `revision/${commit}`) return sendJson(response, { id, sha: commit });
  if (asked.startsWith('revision/')) return sendError(response, 404, 'RevisionNotFound');
  if (asked === `tree/${commit}`) return sendListing(hub, response, at);
  sendError(response, 404, 'RepoNotFound');
}

async function answerAsModelScope(
  hub: HubState,
  request: IncomingMessage,
  response: ServerResponse,
  { path, at }: { path: string; at: URL },
): Promise<void> {
  const { id, files, behave, commit } = hub;
  if (path === `api/v1/models/${id}/repo/files`) {
    const list = Object.entries(files).map(([name, content]) =>
      modelScopeEntry(name, content, behave[name] ?? {}, commit),
    );
    return sendJson(response, { Code: 200, Data: { Files: [{ Type: 'tree', Path: '1_Pooling' }, ...list] } });
  }
  if (path === `api/v1/models/${id}/repo` && at.searchParams.get('Revision') === commit)
    return sendFile(hub, request, response, at.searchParams.get('FilePath') ?? '');
  sendError(response, 404);
}

/** Starts a hub on 127.0.0.1 that speaks the protocol of Hugging Face or ModelScope, and misbehaves on request. */
export async function startHub(options: HubOptions): Promise<Hub> {
  const hub: HubState = { ...options, commit: sha('sha1', options.id), behave: {}, url: '' };
  const requests: Hub['requests'] = [];
  const server = createServer((request, response) => {
    const range = request.headers.range === undefined ? '' : ` ${request.headers.range}`;
    requests.push({ line: `${request.method} ${request.url}${range}`, headers: request.headers });
    if (!options.noCors) {
      response.setHeader('Access-Control-Allow-Origin', '*');
      response.setHeader('Access-Control-Allow-Headers', 'Authorization, Range');
      response.setHeader('Access-Control-Expose-Headers', exposed);
    }
    if (request.method === 'OPTIONS') response.writeHead(204).end();
    else answer(hub, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  hub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { url: hub.url, requests, behave: hub.behave, commit: hub.commit, close };
}
