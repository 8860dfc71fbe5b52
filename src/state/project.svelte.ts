import type { ProjectContents } from '../domain/project/contents';
import type { AppErrorDetails } from '../domain/errors';
import type { OpenedProject, ProjectChoice, ProjectConflict, SavedProject } from '../protocol/dataApi';
import { experiments } from './experiments.svelte';
import { gateway } from './gateway';
import { saveFile } from './saveFile';

/** Saves experiments of this browser to a file, and opens such files. */
class ProjectState {
  working = $state<'measuring' | 'saving' | 'opening' | null>(null);
  progress = $state.raw<{ done: number; of: number }>({ done: 0, of: 0 });
  /** Experiments offered for saving, while the user chooses. */
  offered = $state.raw<ProjectContents[] | null>(null);
  /** Experiments of the file being opened that differ from the stored ones, while the user decides. */
  conflicts = $state.raw<ProjectConflict[] | null>(null);
  /** Reports of what is missing from the file that was just saved or opened. */
  warnings = $state.raw<AppErrorDetails[]>([]);
  #answer: (copies: string[] | null) => void = () => undefined;

  async #work<T>(
    kind: 'measuring' | 'saving' | 'opening',
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

  /** Measures all experiments and offers them for saving. */
  async offer(): Promise<void> {
    this.offered = await this.#work('measuring', async () => (await gateway.data()).measureProject());
  }

  async save(choice: ProjectChoice): Promise<SavedProject> {
    this.offered = null;
    const saved = await this.#work('saving', async (progress) => (await gateway.data()).saveProject(choice, progress));
    saveFile(saved.zip, saved.fileName);
    this.warnings = saved.warnings;
    return saved;
  }

  async open(file: File): Promise<OpenedProject> {
    try {
      const opened = await this.#work('opening', async (progress) =>
        (await gateway.data()).openProject(file, (conflicts) => this.#ask(conflicts), progress),
      );
      this.warnings = opened.warnings;
      return opened;
    } finally {
      this.conflicts = null;
      await experiments.load();
    }
  }

  #ask(conflicts: ProjectConflict[]): Promise<string[] | null> {
    this.conflicts = conflicts;
    return new Promise((resolve) => (this.#answer = resolve));
  }

  /** Passes on the user's choice of experiments to copy. With null, nothing from the file is added. */
  decide(copies: string[] | null): void {
    this.conflicts = null;
    this.#answer(copies);
  }
}

export const project = new ProjectState();
