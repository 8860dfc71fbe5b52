import { AppError } from '../../../src/domain/errors';
import { gitBlobHasher, sha256Hasher, type Hasher } from '../../../src/domain/hash';
import { listingBytes, type HubFile, type HubListing } from '../../../src/domain/import/hub';
import { encoderFolder, isWeightFile } from '../../../src/domain/import/chooseHubFiles';
import { storageNeeded } from '../../../src/domain/import/storageNeeded';
import type { DownloadProgress, FolderFile } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import { needing } from '../../../src/storage/space';
import { appendDownloadPart, clearDownloadFile, openDownload, readDownloadParts } from '../../../src/storage/downloads';
import { hubResponseChunks, HubClient, HubOverloaded } from './hubClient';
import { encoderLayout } from './encoderTensors';
import { asBertConfig, readEncoderConfig } from './importModelConfig';

/** Size at which a part is stored, and therefore the most that a killed tab can lose. */
const partBytes = 4 * 1024 * 1024;
const progressMs = 100;

/** Waits and retries of a download. Tests shorten the waits. */
export interface DownloadPatience {
  /** Number of consecutive tries without a new byte after which the download gives up. */
  tries: number;
  /** Wait before the second try. It doubles with each further try. */
  firstWaitMs: number;
  /** A connection that sends nothing for this long counts as broken. */
  silenceMs: number;
  /** Longest wait that a host may ask for. */
  mostWaitMs: number;
}

const usualDownloadPatience: DownloadPatience = { tries: 5, firstWaitMs: 500, silenceMs: 30_000, mostWaitMs: 60_000 };

interface Context {
  db: Database;
  client: HubClient;
  downloadId: string;
  /** Aborts when the user stops the download. */
  signal: AbortSignal;
  patience: DownloadPatience;
  /** Called with the number of bytes of the file that have arrived. */
  received: (bytes: number, file: string) => void;
}

function throwIfStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new AppError({ kind: 'cancelled' });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}

/** Aborts `attempt` if the connection is silent for too long. Time spent storing bytes does not count as silence. */
class SilenceWatch {
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly silenceMs: number,
    private readonly attempt: AbortController,
  ) {
    this.listen();
  }

  listen(): void {
    this.rest();
    this.#timer = setTimeout(() => this.attempt.abort(), this.silenceMs);
  }

  rest(): void {
    clearTimeout(this.#timer);
  }
}

interface FailedTry {
  failure: AppError;
  waitMs: number;
}

/** Downloads one file. Continues after the stored parts, and checks size and hash at the end. */
class FileDownload {
  #have = 0;
  #buffer = new Uint8Array(0);
  #filled = 0;

  constructor(
    private readonly context: Context,
    private readonly file: HubFile,
    private readonly hasher: Hasher,
  ) {}

  /**
   * Throws `hub-failed`, or `cancelled` if the user stops the download. Stored parts are kept unless they turn out to
   * be wrong.
   */
  async run(): Promise<void> {
    await this.#readStored();
    const { tries, firstWaitMs } = this.context.patience;
    for (let failures = 0; this.#have < this.file.bytes;) {
      throwIfStopped(this.context.signal);
      const before = this.#have;
      const failed = await this.#attempt();
      if (!failed) continue;
      failures = this.#have > before ? 1 : failures + 1;
      if (failures >= tries) throw failed.failure;
      await pause(Math.max(firstWaitMs * 2 ** (failures - 1), failed.waitMs), this.context.signal);
    }
    const { hash, path } = this.file;
    const found = this.hasher.hex();
    if (found !== hash.hex) throw await this.#wrong('hash-differs', { file: path, expected: hash.hex, found });
  }

  /** Hashes the stored parts, so that bytes damaged in storage are detected too. */
  async #readStored(): Promise<void> {
    for (const part of await readDownloadParts(this.context.db, this.context.downloadId, this.file.path)) {
      this.hasher.update(await part.arrayBuffer());
      this.#have += part.size;
    }
    if (this.#have > this.file.bytes) throw await this.#sizeDiffers(this.#have);
    this.context.received(this.#have, this.file.path);
  }

  /**
   * Requests the rest of the file once. Returns null if the host sent bytes and ended normally. If another try may
   * help, returns the error of this one, to be thrown if no tries are left, and the minimum wait before the next try.
   * Throws if another try cannot help.
   */
  async #attempt(): Promise<FailedTry | null> {
    const attempt = new AbortController();
    const stop = (): void => attempt.abort();
    this.context.signal.addEventListener('abort', stop);
    const silence = new SilenceWatch(this.context.patience.silenceMs, attempt);
    const before = this.#have;
    try {
      const response = await this.context.client.open(this.file, this.#have, attempt.signal);
      await this.#receive(response, silence);
      // The host ended without sending a byte, so its file is shorter than listed. A file cut short by a proxy would
      // have sent more bytes this time.
      if (this.#have < this.file.bytes && this.#have === before) throw await this.#sizeDiffers(this.#have);
      return null;
    } catch (thrown) {
      return await this.#retriable(thrown);
    } finally {
      silence.rest();
      this.context.signal.removeEventListener('abort', stop);
      // Frees the connection if the response was not read to its end.
      attempt.abort();
      await this.#store();
    }
  }

  /** Returns the error of a failed try if another one may help; otherwise throws it. */
  async #retriable(thrown: unknown): Promise<FailedTry> {
    throwIfStopped(this.context.signal);
    if (thrown instanceof HubOverloaded)
      return { failure: thrown.failure, waitMs: Math.min(thrown.waitMs, this.context.patience.mostWaitMs) };
    if (!(thrown instanceof AppError))
      return { failure: this.context.client.failure('broken-off', { file: this.file.path }, thrown), waitMs: 0 };
    const { details } = thrown;
    if (details.kind === 'hub-failed' && (details.fault === 'blocked' || details.fault === 'offline'))
      return { failure: thrown, waitMs: 0 };
    // Status 416: the host has no bytes after those that have arrived.
    if (details.kind === 'hub-failed' && details.status === 416) throw await this.#sizeDiffers(this.#have);
    throw thrown;
  }

  async #receive(response: Response, silence: SilenceWatch): Promise<void> {
    // A host that ignores the range sends the file from its beginning.
    let skip = response.status === 206 ? 0 : this.#have;
    await this.#checkRange(response);
    for await (const chunk of hubResponseChunks(response)) {
      silence.rest();
      const fresh = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - fresh.length;
      // How much would still follow is unknown.
      if (this.#have + fresh.length > this.file.bytes) throw await this.#sizeDiffers();
      this.hasher.update(fresh);
      await this.#keep(fresh);
      this.context.received(this.#have, this.file.path);
      throwIfStopped(this.context.signal);
      silence.listen();
    }
  }

  /**
   * Checks where a partial response begins, and that its file still has the size that was listed. A host may hide that
   * header from web pages; then only the hash reveals a wrong range or another version.
   */
  async #checkRange(response: Response): Promise<void> {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
    if (response.status !== 206 || !range) return;
    if (Number(range[1]) !== this.#have)
      throw this.context.client.failure('refused', { file: this.file.path, status: 206 });
    if (range[2] !== '*' && Number(range[2]) !== this.file.bytes) throw await this.#sizeDiffers(Number(range[2]));
  }

  async #keep(bytes: Uint8Array): Promise<void> {
    if (this.#buffer.length === 0) this.#buffer = new Uint8Array(Math.min(partBytes, this.file.bytes));
    let from = 0;
    while (from < bytes.length) {
      const length = Math.min(bytes.length - from, this.#buffer.length - this.#filled);
      this.#buffer.set(bytes.subarray(from, from + length), this.#filled);
      this.#filled += length;
      this.#have += length;
      from += length;
      if (this.#filled === this.#buffer.length) await this.#store();
    }
  }

  async #store(): Promise<void> {
    if (this.#filled === 0) return;
    const bytes = new Blob([this.#buffer.slice(0, this.#filled)]);
    this.#filled = 0;
    await appendDownloadPart(this.context.db, this.context.downloadId, this.file.path, bytes);
  }

  /** `found` is the file's present size; if absent, the file is longer than listed. */
  #sizeDiffers(found?: number): Promise<AppError> {
    const size = found === undefined ? {} : { found: `${found}` };
    return this.#wrong('size-differs', { file: this.file.path, expected: `${this.file.bytes}`, ...size });
  }

  /**
   * Deletes the bytes that have arrived, because they can't be part of the right file, and returns the error to throw.
   */
  async #wrong(
    fault: 'size-differs' | 'hash-differs',
    place: { file: string; expected: string; found?: string },
  ): Promise<AppError> {
    this.#filled = 0;
    await clearDownloadFile(this.context.db, this.context.downloadId, this.file.path);
    return this.context.client.failure(fault, place);
  }
}

export interface HubDownloadOptions {
  token: string | null;
  signal: AbortSignal;
  progress: DownloadProgress;
  patience?: DownloadPatience;
  /** Called with the text files before the weights are fetched. Throws if the model can't be used. */
  checkTexts?: (files: FolderFile[]) => Promise<void>;
}

/** Returns the bytes of the model once it is stored. ONNX files are stored as they are. */
function modelBytes({ files, onnx }: HubListing, configText: string): number {
  if (onnx) return listingBytes({ files: files.filter(({ path }) => isWeightFile(path)) });
  return encoderLayout(readEncoderConfig(asBertConfig(configText).text)).totalFloats * 4;
}

/**
 * Throws `quota-exceeded` if the browser reports too little space for the download and the model. `arrived` bytes of
 * the download are already stored. Throws `model-invalid` if config.json does not describe a usable encoder to train.
 */
async function mustFit(listing: HubListing, configText: string, arrived: number): Promise<void> {
  const { quota, usage = 0 } = (await navigator.storage?.estimate()) ?? {};
  if (quota === undefined) return;
  const neededBytes = storageNeeded(listing, modelBytes(listing, configText)) - arrived;
  const freeBytes = Math.max(0, quota - usage);
  if (neededBytes > freeBytes) throw new AppError({ kind: 'quota-exceeded', neededBytes, freeBytes });
}

/**
 * Fetches the files of a listing into storage, one after another, and returns them as files that stay on disk. Does not
 * fetch parts again that an earlier download of the same commit has stored.
 */
export async function downloadHubModel(
  db: Database,
  listing: HubListing,
  { token, signal, progress, patience = usualDownloadPatience, checkTexts }: HubDownloadOptions,
): Promise<FolderFile[]> {
  const { downloadId, received: known } = await openDownload(db, listing);
  const client = new HubClient(listing, token);
  const of = listingBytes(listing);
  let before = 0;
  let reportedAt = -Infinity;
  const received = (bytes: number, file: string): void => {
    if (before + bytes < of && performance.now() - reportedAt < progressMs) return;
    reportedAt = performance.now();
    progress(before + bytes, of, file);
  };
  const files: FolderFile[] = [];
  const configPath = `${encoderFolder(listing.files)}config.json`;
  const texts = listing.files.filter(({ path }) => !isWeightFile(path)).length;
  const arrived = Object.values(known).reduce((sum, { bytes }) => sum + bytes, 0);
  for (const file of listing.files) {
    const hasher = file.hash.kind === 'sha256' ? await sha256Hasher() : await gitBlobHasher(file.bytes);
    const download = new FileDownload({ db, client, downloadId, signal, patience, received }, file, hasher);
    await needing(of - before, () => download.run());
    before += file.bytes;
    const parts = await readDownloadParts(db, downloadId, file.path);
    const fetched = new File(parts, file.path.split('/').at(-1) ?? file.path);
    // The weights come last, so an encoder that can't be used or stored is refused before they are downloaded.
    if (file.path === configPath) await mustFit(listing, await fetched.text(), arrived);
    files.push({ path: file.path, file: fetched });
    if (files.length === texts) await checkTexts?.(files);
  }
  return files;
}
