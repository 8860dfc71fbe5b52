import type { StoredItem } from '../domain/storage/storedItem';
import { gateway } from './gateway';
import { Newest } from './newest';

/** The contents of this browser's storage, and how much of its quota is used. */
class StorageState {
  items = $state.raw<StoredItem[] | null>(null);
  space = $state.raw<{ used: number; quota: number } | null>(null);
  busy = $state(false);
  #tasks = 0;
  readonly #newest = new Newest();

  async load(): Promise<void> {
    await this.#working(() =>
      this.#newest.ask(
        async (isNewest) => {
          const { usage = 0, quota = 0 } = await navigator.storage.estimate();
          if (isNewest()) this.space = { used: usage, quota };
          return (await gateway.data()).storageUse();
        },
        (items) => (this.items = items),
      ),
    );
  }

  /** Deletes an item permanently, unless something uses it by now. Returns whether it was deleted. */
  async delete({ kind, ids }: StoredItem): Promise<boolean> {
    return this.#working(async () => {
      try {
        return await this.#delete(kind, ids);
      } finally {
        await this.load();
      }
    });
  }

  /** Does a task. `busy` stays set until all tasks have ended. */
  async #working<Result>(task: () => Promise<Result>): Promise<Result> {
    this.#tasks += 1;
    this.busy = true;
    try {
      return await task();
    } finally {
      this.#tasks -= 1;
      this.busy = this.#tasks > 0;
    }
  }

  async #delete(kind: StoredItem['kind'], ids: string[]): Promise<boolean> {
    const data = await gateway.data();
    switch (kind) {
      case 'experiment':
        for (const id of ids) await gateway.purgeExperiment(id);
        return true;
      case 'download':
        for (const download of await gateway.listDownloads())
          if (ids.includes(download.downloadId)) await data.deleteDownload(download);
        return true;
      case 'model':
      case 'onnxModel':
      case 'dataset':
      case 'tokenSet':
      case 'minedNegatives':
      case 'vectorSet':
      case 'batchList':
        return data.deleteUnused(kind, ids);
      default:
        return kind satisfies never;
    }
  }
}

export const storage = new StorageState();
