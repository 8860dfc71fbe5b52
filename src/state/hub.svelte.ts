import { downloadIdOf, listingBytes, type HubHostName, type HubListing, type HubModelId } from '../domain/import/hub';
import { toAppError } from '../domain/errors';
import type { StoredModel } from '../domain/model';
import { gateway } from './gateway';
import { Newest } from './newest';

/** A download in progress. */
export interface RunningDownload {
  listing: HubListing;
  received: number;
  of: number;
  /** The file that is being received. */
  file: string;
  /** Averaged over the last seconds; null until a second has passed. */
  bytesPerSecond: number | null;
  /** Set once all files have arrived and the model is being imported. */
  importing: { done: number; of: number } | null;
}

/** An interrupted download. `received` and `of` count bytes. */
interface PartialDownload {
  downloadId: string;
  listing: HubListing;
  received: number;
  of: number;
}

interface HubFormFields {
  id: string;
  revision: string;
  host: HubHostName | 'own';
  /** Address of a self-hosted server; used if `host` is `own`. */
  address: string;
}

/** Window over which the speed is measured. */
const speedMs = 5000;

/** Measures the speed of a download over the last seconds. */
export class DownloadSpeed {
  #samples: { at: number; bytes: number }[] = [];

  /** Adds a sample. Returns bytes per second, or null until a second has passed. */
  add(bytes: number, at: number): number | null {
    while (this.#samples.length > 1 && at - (this.#samples[0]?.at ?? at) > speedMs) this.#samples.shift();
    this.#samples.push({ at, bytes });
    const first = this.#samples[0];
    if (!first || at - first.at < 1000) return null;
    return ((bytes - first.bytes) / (at - first.at)) * 1000;
  }
}

/**
 * Fetches models from a hub. It belongs to the page, not to a screen: a download continues while the user looks at
 * other screens. No host is asked before `look` or `fetch` is called, and the token stays in this object.
 */
export class HubState {
  /** Contents of the form, kept while a listing or a download is shown in its place. */
  form = $state<HubFormFields>({ id: '', revision: '', host: 'huggingface', address: '' });
  token = $state('');
  looking = $state(false);
  listing = $state.raw<HubListing | null>(null);
  running = $state.raw<RunningDownload | null>(null);
  /** True from a click on pause or cancel until the download has ended. */
  stopping = $state(false);
  partial = $state.raw<PartialDownload[]>([]);
  readonly #newest = new Newest();
  #discard = false;

  #token(): string | null {
    return this.token.trim() === '' ? null : this.token.trim();
  }

  /** Asks the host which files a download would fetch. */
  async look(model: HubModelId): Promise<void> {
    this.looking = true;
    this.listing = null;
    try {
      this.listing = await (await gateway.data()).listHubModel(model, this.#token());
    } finally {
      this.looking = false;
    }
  }

  /** Fetches the listed files and returns the model, or null if the download was paused or cancelled. */
  async fetch(listing: HubListing): Promise<StoredModel | null> {
    const speed = new DownloadSpeed();
    this.#discard = false;
    this.listing = null;
    this.running = { listing, received: 0, of: listingBytes(listing), file: '', bytesPerSecond: null, importing: null };
    const change = (to: Partial<RunningDownload>): void => {
      if (this.running) this.running = { ...this.running, ...to };
    };
    try {
      const data = await gateway.data();
      return await data.fetchHubModel(
        listing,
        this.#token(),
        (received, of, file) => change({ received, of, file, bytesPerSecond: speed.add(received, performance.now()) }),
        (done, of) => change({ importing: { done, of } }),
      );
    } catch (thrown) {
      if (toAppError(thrown).details.kind !== 'cancelled') throw thrown;
      if (this.#discard) await (await gateway.data()).deleteDownload({ downloadId: downloadIdOf(listing), listing });
      return null;
    } finally {
      this.running = null;
      this.stopping = false;
      await this.load();
    }
  }

  /** Stops the download. With `discard`, also deletes the bytes that have arrived. */
  async stop(discard: boolean): Promise<void> {
    this.stopping = true;
    this.#discard = discard;
    await (await gateway.data()).stopHubDownload();
  }

  async remove(download: PartialDownload): Promise<void> {
    const { downloadId, listing } = download;
    await (await gateway.data()).deleteDownload({ downloadId, listing });
    await this.load();
  }

  /** Loads the list of interrupted downloads. */
  async load(): Promise<void> {
    await this.#newest.ask(
      () => gateway.listDownloads(),
      (stored) => {
        this.partial = stored.map(({ downloadId, listing, received }) => ({
          downloadId,
          listing,
          received: Object.values(received).reduce((sum, { bytes }) => sum + bytes, 0),
          of: listingBytes(listing),
        }));
      },
    );
  }
}

export const hub = new HubState();
