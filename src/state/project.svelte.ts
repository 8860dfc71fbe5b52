import { saveFile } from './saveFile';
import { experiments } from './experiments.svelte';
import { gateway } from './gateway';
import type { AppErrorDetails } from '../domain/errors';

/** Saves everything in this browser to one file, and opens such files. */
class ProjectState {
  working = $state<'saving' | 'opening' | null>(null);
  progress = $state.raw<{ done: number; of: number }>({ done: 0, of: 0 });

  async #work<T>(
    kind: 'saving' | 'opening',
    job: (progress: (done: number, of: number) => void) => Promise<T>,
  ): Promise<T> {
    this.working = kind;
    this.progress = { done: 0, of: 0 };
    try {
      return await job((done: number, of: number) => (this.progress = { done, of }));
    } finally {
      this.working = null;
    }
  }

  async save(): Promise<string> {
    return this.#work('saving', async (progress) => {
      const { zip, fileName } = await (await gateway.data()).saveProject(progress);
      saveFile(zip, fileName);
      return fileName;
    });
  }

  async open(file: File): Promise<{ experiments: number; warnings: AppErrorDetails[] }> {
    const opened = await this.#work('opening', async (progress) => (await gateway.data()).openProject(file, progress));
    await experiments.load();
    return opened;
  }
}

export const project = new ProjectState();
