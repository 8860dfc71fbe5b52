import {
  downloadIdOf,
  isOnnxListing,
  listingBytes,
  suggestedModels,
  suggestedOnnxModels,
  type HubHostName,
  type HubListing,
  type HubModelId,
  type OnnxListing,
} from '../domain/import/hub';
import { toAppError } from '../domain/errors';
import type { StoredModel } from '../domain/model';
import type { OnnxModel } from '../domain/onnxModel';
import type { DataApi, DownloadProgress, Progress } from '../protocol/dataApi';
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
interface PartialDownload<Listing> {
  downloadId: string;
  listing: Listing;
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

type FetchOptions = [token: string | null, progress: DownloadProgress, importing: Progress];

/** What is fetched from a hub: models to train, or graphs for transformers.js. */
interface Fetched<Model, Listing extends HubListing> {
  suggested: readonly string[];
  list(data: DataApi, model: HubModelId, token: string | null): Promise<HubListing>;
  fetch(data: DataApi, listing: Listing, ...rest: FetchOptions): Promise<Model>;
  /** Whether a download is one of these. */
  has(listing: HubListing): listing is Listing;
}

/**
 * Fetches models from a hub. It belongs to the page, not to a screen: a download continues while the user looks at
 * other screens. No host is asked before `look` or `fetch` is called, and the token stays in this object.
 */
export class HubState<Model = StoredModel, Listing extends HubListing = HubListing> {
  /** Contents of the form, kept while a listing or a download is shown in its place. */
  form = $state<HubFormFields>({ id: '', revision: '', host: 'huggingface', address: '' });
  token = $state('');
  looking = $state(false);
  listing = $state.raw<HubListing | null>(null);
  running = $state.raw<RunningDownload | null>(null);
  /** True from a click on pause or cancel until the download has ended. */
  stopping = $state(false);
  partial = $state.raw<PartialDownload<Listing>[]>([]);
  readonly #newest = new Newest();
  #discard = false;

  constructor(readonly fetched: Fetched<Model, Listing>) {}

  #token(): string | null {
    return this.token.trim() === '' ? null : this.token.trim();
  }

  /** Asks the host which files a download would fetch. */
  async look(model: HubModelId): Promise<void> {
    this.looking = true;
    this.listing = null;
    try {
      this.listing = await this.fetched.list(await gateway.data(), model, this.#token());
    } finally {
      this.looking = false;
    }
  }

  /** Fetches the listed files and returns the model, or null if the download was paused or cancelled. */
  async fetch(listing: Listing): Promise<Model | null> {
    const speed = new DownloadSpeed();
    this.#discard = false;
    this.listing = null;
    this.running = { listing, received: 0, of: listingBytes(listing), file: '', bytesPerSecond: null, importing: null };
    const change = (to: Partial<RunningDownload>): void => {
      if (this.running) this.running = { ...this.running, ...to };
    };
    try {
      const data = await gateway.data();
      return await this.fetched.fetch(
        data,
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

  async remove(download: PartialDownload<Listing>): Promise<void> {
    const { downloadId, listing } = download;
    await (await gateway.data()).deleteDownload({ downloadId, listing });
    await this.load();
  }

  /** Loads the list of interrupted downloads. */
  async load(): Promise<void> {
    await this.#newest.ask(
      () => gateway.listDownloads(),
      (stored) => {
        this.partial = stored.flatMap(({ downloadId, listing, received }) => {
          if (!this.fetched.has(listing)) return [];
          const bytes = Object.values(received).reduce((sum, file) => sum + file.bytes, 0);
          return [{ downloadId, listing, received: bytes, of: listingBytes(listing) }];
        });
      },
    );
  }
}

export const trainable: Fetched<StoredModel, HubListing> = {
  suggested: suggestedModels,
  list: (data, ...rest) => data.listHubModel(...rest),
  fetch: (data, ...rest) => data.fetchHubModel(...rest),
  has: (listing): listing is HubListing => !isOnnxListing(listing),
};

const graphs: Fetched<OnnxModel, OnnxListing> = {
  suggested: suggestedOnnxModels,
  list: (data, ...rest) => data.listHubOnnx(...rest),
  fetch: (data, ...rest) => data.fetchHubOnnx(...rest),
  has: isOnnxListing,
};

export const hub = new HubState(trainable);
export const onnxHub = new HubState(graphs);
