import { AppError, type HubFault } from '../../../src/domain/errors';
import {
  commitUrl,
  filesUrl,
  fileUrl,
  hubError,
  type HubErrorPlace,
  type HubFile,
  type HubModelId,
} from '../../../src/domain/import/hub';
import {
  parseHubCommit,
  parseModelScopeFiles,
  parseHubTree,
  type ListedFiles,
} from '../../../src/domain/import/hubAnswers';

/** Limit on the length of a file list. Model repositories have tens of files. */
const maxListingBytes = 16 * 1024 * 1024;
const maxPages = 50;

/** Thrown if the host is overloaded or restarting and another try may succeed. */
export class HubOverloaded extends Error {
  constructor(
    readonly failure: AppError,
    /** How long the host asks to wait, or 0. */
    readonly waitMs: number,
  ) {
    super('the host is overloaded');
  }
}

function faultOf(response: Response, inFile: boolean): HubFault {
  const code = response.headers.get('x-error-code') ?? '';
  if (code === 'GatedRepo' || response.status === 401 || response.status === 403) return 'needs-token';
  if (code === 'RevisionNotFound') return 'no-revision';
  if (response.status === 404) return inFile ? 'file-missing' : 'no-model';
  return 'refused';
}

/**
 * Returns the wait that `Retry-After` asks for, in seconds or until a date. Returns 0 if there is none, or if the host
 * hides the header from web pages.
 */
function retryAfterMs(response: Response): number {
  const value = response.headers.get('retry-after') ?? '';
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Math.max(0, ms) || 0;
}

function isWebPage(response: Response): boolean {
  return /^\s*(text\/html|application\/xhtml\+xml)\b/i.test(response.headers.get('content-type') ?? '');
}

/** Yields a response's chunks. Uses a reader, because Chrome before version 124 cannot iterate over streams. */
export async function* hubResponseChunks(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // Frees the connection if the caller stops before the end.
    reader.cancel().catch(() => undefined);
  }
}

/** First version of Chromium that sends no Authorization header when it follows a redirect to another origin. */
const firstSafeVersion = 119;

/** Whether the browser would send an access token to the server that the host redirects to. */
function leaksTokens(): boolean {
  const version = /\bChrome\/(\d+)/.exec(navigator.userAgent ?? '')?.[1];
  return version !== undefined && Number(version) < firstSafeVersion;
}

/**
 * Client of one host for one model. All requests to other origins are made by this class, without cookies and without a
 * referrer. The service worker ignores requests to other origins.
 */
export class HubClient {
  constructor(
    private readonly model: HubModelId,
    private readonly token: string | null,
  ) {}

  failure(fault: HubFault, place: HubErrorPlace = {}, cause?: unknown): AppError {
    const { details } = hubError(this.model.host, fault, { id: this.model.id, ...place });
    return cause === undefined ? new AppError(details) : new AppError(details, { cause });
  }

  /** Requests a file from byte `offset` on. Throws `HubOverloaded`, or `hub-failed` if another try would not help. */
  async open(file: HubFile, offset: number, signal: AbortSignal): Promise<Response> {
    const range: Record<string, string> = offset > 0 ? { Range: `bytes=${offset}-` } : {};
    const response = await this.#ask(fileUrl(this.model, file), signal, range, file.path);
    await this.#refuseWebPage(response, { file: file.path });
    return response;
  }

  /** Returns the commit and all files of the model. */
  async list(signal: AbortSignal): Promise<ListedFiles> {
    return this.model.host.protocol === 'modelscope' ? this.#listModelScope(signal) : this.#listHuggingFace(signal);
  }

  async #listModelScope(signal: AbortSignal): Promise<ListedFiles> {
    const { json } = await this.#json(filesUrl(this.model, ''), signal);
    const listed = parseModelScopeFiles(json);
    if (!listed) throw this.failure('listing-invalid');
    return listed;
  }

  async #listHuggingFace(signal: AbortSignal): Promise<ListedFiles> {
    const commit = parseHubCommit((await this.#json(commitUrl(this.model), signal)).json);
    if (commit === null) throw this.failure('listing-invalid');
    const first = filesUrl(this.model, commit);
    const files: HubFile[] = [];
    let url: string | null = first;
    for (let page = 0; url !== null; page++) {
      const { json, next }: { json: unknown; next: string | null } = await this.#json(url, signal);
      const more = parseHubTree(json, commit);
      if (!more || page === maxPages) throw this.failure('listing-invalid');
      for (const file of more) files.push(file);
      // Refuses a next page at another address, because only the chosen host may be contacted.
      if (next !== null && !next.startsWith(first.split('?')[0] ?? first)) throw this.failure('listing-invalid');
      url = next;
    }
    return { commit, files };
  }

  async #json(url: string, signal: AbortSignal): Promise<{ json: unknown; next: string | null }> {
    const response = await this.#ask(url, signal, {});
    await this.#refuseWebPage(response);
    const text = await this.#text(response);
    try {
      const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(response.headers.get('link') ?? '')?.[1];
      return { json: JSON.parse(text) as unknown, next: next === undefined ? null : new URL(next, url).href };
    } catch (cause) {
      throw this.failure(/^\s*</.test(text) ? 'html' : 'listing-invalid', {}, cause);
    }
  }

  async #refuseWebPage(response: Response, place: HubErrorPlace = {}): Promise<void> {
    if (!isWebPage(response)) return;
    await response.body?.cancel().catch(() => undefined);
    throw this.failure('html', place);
  }

  async #text(response: Response): Promise<string> {
    const decoder = new TextDecoder();
    let text = '';
    let bytes = 0;
    try {
      for await (const chunk of hubResponseChunks(response)) {
        bytes += chunk.byteLength;
        if (bytes > maxListingBytes) throw this.failure('listing-invalid');
        text += decoder.decode(chunk, { stream: true });
      }
    } catch (thrown) {
      throw thrown instanceof AppError ? thrown : this.failure('broken-off', {}, thrown);
    }
    return text + decoder.decode();
  }

  async #ask(url: string, signal: AbortSignal, extra: Record<string, string>, file?: string): Promise<Response> {
    const headers = { ...extra, ...(this.token === null ? {} : { Authorization: `Bearer ${this.token}` }) };
    if (this.token !== null && leaksTokens()) throw this.failure('token-unsafe');
    let response: Response;
    try {
      response = await fetch(url, {
        headers,
        signal,
        mode: 'cors',
        credentials: 'omit',
        cache: 'no-store',
        referrerPolicy: 'no-referrer',
      });
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      throw this.failure(
        navigator.onLine === false ? 'offline' : 'blocked',
        file === undefined ? {} : { file },
        thrown,
      );
    }
    if (response.ok) return response;
    await response.body?.cancel().catch(() => undefined);
    const { status } = response;
    const place = { status, ...(file === undefined ? {} : { file }) };
    const failure = this.failure(faultOf(response, file !== undefined), place);
    throw status === 429 || status >= 500 ? new HubOverloaded(failure, retryAfterMs(response)) : failure;
  }
}
