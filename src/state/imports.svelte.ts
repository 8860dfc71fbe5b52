import { demoModelFiles } from '../domain/import/modelFiles';
import type { StoredModel } from '../domain/model';
import type { Dataset } from '../domain/records';
import type { FolderFile, LeftOut } from '../protocol/dataApi';
import type { ExperimentState } from './experiment.svelte';
import { baseUrl, gateway } from './gateway';
import { slots, type SlotName } from '../domain/import/slots';

export interface SlotImport extends LeftOut {
  progress: { done: number; of: number } | null;
  /** The hashes of questions and knowledge base of which was found that no question names a passage. */
  unusable: string | null;
}

const emptyImport: SlotImport = { progress: null, rejected: [], rejectedCount: 0, ignoredCount: 0, unusable: null };
const questionSlots = ['devQuestions', 'testQuestions'] as const;
type QuestionSlot = (typeof questionSlots)[number];

/** Bringing files into one experiment: a slot at a time, with what was left out. */
export class ImportsState {
  slots = $state.raw<Record<SlotName, SlotImport>>({
    knowledgeBase: emptyImport,
    pairs: emptyImport,
    devQuestions: emptyImport,
    testQuestions: emptyImport,
  });
  modelProgress = $state.raw<{ done: number; of: number } | null>(null);
  models = $state.raw<StoredModel[]>([]);

  constructor(readonly experiment: ExperimentState) {}

  #set(slot: SlotName, change: Partial<SlotImport>): void {
    this.slots = { ...this.slots, [slot]: { ...this.slots[slot], ...change } };
  }

  async importFiles(slot: SlotName, files: File[]): Promise<void> {
    if (files.length === 0) return;
    const before = this.slots[slot];
    this.#set(slot, { ...emptyImport, progress: { done: 0, of: 0 } });
    try {
      const data = await gateway.data();
      const progress = (done: number, of: number) => this.#set(slot, { progress: { done, of } });
      const knowledgeBase = this.experiment.datasets.knowledgeBase?.contentSha256;
      const options = knowledgeBase === undefined ? {} : { knowledgeBase };
      const { dataset, rejected, rejectedCount, ignoredCount } = await data.importDataset(
        files,
        slots[slot].role,
        progress,
        options,
      );
      this.#set(slot, { rejected, rejectedCount, ignoredCount });
      await this.experiment.setDataset(slot, dataset);
      if (slot === 'knowledgeBase')
        for (const questions of questionSlots)
          await this.#check(questions, (kept) => this.experiment.setDataset(questions, kept));
    } catch (thrown) {
      // What was in the slot is still there, and with it what was told of it.
      this.#set(slot, before);
      throw thrown;
    } finally {
      this.#set(slot, { progress: null });
    }
  }

  /** After a load: what the experiment holds may be questions of which none can be used. */
  async checkStored(): Promise<void> {
    for (const slot of questionSlots) await this.#check(slot, () => Promise.resolve());
  }

  /** Looks stored questions up in the knowledge base; `keep` is given the ones that name a passage of it. */
  async #check(slot: QuestionSlot, keep: (kept: Dataset) => Promise<void>): Promise<void> {
    const { knowledgeBase, [slot]: questions } = this.experiment.datasets;
    if (!knowledgeBase || !questions) return;
    const key = this.#pairKey(slot);
    const data = await gateway.data();
    const { kept, ...left } = await data.checkQuestions(questions.contentSha256, knowledgeBase.contentSha256);
    // Another import may have overtaken this look.
    if (key !== this.#pairKey(slot)) return;
    // Rows that the import left out stay out; what was told of questions of which none could be used is told anew.
    const before = this.slots[slot].unusable === null ? this.slots[slot] : emptyImport;
    this.#set(slot, {
      rejected: [...before.rejected, ...left.rejected],
      rejectedCount: before.rejectedCount + left.rejectedCount,
      ignoredCount: before.ignoredCount + left.ignoredCount,
      unusable: kept ? null : key,
    });
    if (kept) await keep(kept);
  }

  #pairKey(slot: SlotName): string {
    const { knowledgeBase, [slot]: questions } = this.experiment.datasets;
    return `${questions?.contentSha256} ${knowledgeBase?.contentSha256}`;
  }

  /** Whether the slot's questions are known to name no passage of the knowledge base that is there now. */
  isUnusable(slot: SlotName): boolean {
    return this.slots[slot].unusable === this.#pairKey(slot);
  }

  async remove(slot: SlotName): Promise<void> {
    this.#set(slot, emptyImport);
    await this.experiment.setDataset(slot, null);
  }

  async importModel(files: FolderFile[], name: string): Promise<void> {
    if (files.length === 0) return;
    this.modelProgress = { done: 0, of: 0 };
    try {
      const data = await gateway.data();
      const progress = (done: number, of: number) => (this.modelProgress = { done, of });
      const model = await data.importModel(files, name, progress);
      await this.experiment.setModel(model);
      await this.loadModels();
    } finally {
      this.modelProgress = null;
    }
  }

  /** The demo model comes with the page; it is read like any other folder. */
  async useDemoModel(): Promise<void> {
    this.modelProgress = { done: 0, of: 0 };
    try {
      const files: FolderFile[] = [];
      for (const path of demoModelFiles) {
        const response = await fetch(`${baseUrl}models/demo-zh/${path}`);
        if (response.ok) files.push({ path, file: new File([await response.blob()], path.split('/').pop() ?? path) });
      }
      await this.importModel(files, 'demo-zh');
    } finally {
      this.modelProgress = null;
    }
  }

  async loadModels(): Promise<void> {
    this.models = (await gateway.listModels()).sort((a, b) => b.createdAt - a.createdAt);
  }
}

/** Files of a directory input with their paths below the chosen folder. */
export function folderFiles(files: FileList): { files: FolderFile[]; name: string } {
  const all = [...files];
  const name = all[0]?.webkitRelativePath.split('/')[0] ?? '';
  const entries = all.map((file) => {
    const path = file.webkitRelativePath.split('/').slice(1).join('/');
    return { path: path === '' ? file.name : path, file };
  });
  return { files: entries, name: name === '' ? 'model' : name };
}
