import type { StoredItem } from '../domain/storage/storedItem';
import { gateway } from './gateway';
import { Newest } from './newest';

/** The contents of this browser's storage, and how much of its quota is used. */
class StorageState {
  items = $state.raw<StoredItem[] | null>(null);
  space = $state.raw<{ used: number; quota: number } | null>(null);
  busy = $state(false);
  readonly #newest = new Newest();

  async load(): Promise<void> {
    this.busy = true;
    try {
      const { usage = 0, quota = 0 } = await navigator.storage.estimate();
      this.space = { used: usage, quota };
      const read = async () => (await gateway.data()).storageUse();
      await this.#newest.ask(read, (items) => (this.items = items));
    } finally {
      this.busy = false;
    }
  }

  /** Deletes an item permanently, unless something uses it by now. Returns whether it was deleted. */
  async delete({ kind, ids }: StoredItem): Promise<boolean> {
    this.busy = true;
    try {
      return await this.#delete(kind, ids);
    } finally {
      await this.load();
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
