import type { StoredModel } from '../domain/model';
import type { FolderFile, ImportReport, RejectedRow } from '../protocol/dataApi';
import type { ExperimentState } from './experiment.svelte';
import { baseUrl, services } from './services';
import { slots, type SlotName } from './slots';

export interface SlotImport {
  progress: { done: number; of: number } | null;
  report: ImportReport | null;
  rejected: RejectedRow[];
  rejectedCount: number;
}

const emptyImport: SlotImport = { progress: null, report: null, rejected: [], rejectedCount: 0 };

const demoModelFiles = [
  'config.json',
  'tokenizer.json',
  'model.safetensors',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'vocab.txt',
  'modules.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
  '1_Pooling/config.json',
];

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
    this.#set(slot, { ...emptyImport, progress: { done: 0, of: 0 } });
    try {
      const data = await services.data();
      const progress = (done: number, of: number) => this.#set(slot, { progress: { done, of } });
      const report = await data.importDataset(files, slots[slot].role, progress);
      this.#set(slot, { report, rejected: report.rejected, rejectedCount: report.rejectedCount });
      await this.experiment.setDataset(slot, report.dataset);
      await this.#checkQuestions(slot);
    } finally {
      this.#set(slot, { progress: null });
    }
  }

  /** Questions are checked as soon as both they and the knowledge base are there, whichever comes last. */
  async #checkQuestions(changed: SlotName): Promise<void> {
    const { datasets } = this.experiment;
    const knowledgeBase = datasets.knowledgeBase;
    if (!knowledgeBase || changed === 'pairs') return;
    const toCheck = changed === 'knowledgeBase' ? (['devQuestions', 'testQuestions'] as const) : [changed];
    for (const slot of toCheck) {
      const questions = datasets[slot];
      if (!questions) continue;
      const data = await services.data();
      const checked = await data.checkQuestions(questions.contentSha256, knowledgeBase.contentSha256);
      const before = this.slots[slot];
      this.#set(slot, {
        rejected: [...before.rejected, ...checked.rejected],
        rejectedCount: before.rejectedCount + checked.rejectedCount,
      });
      await this.experiment.setDataset(slot, checked.kept);
    }
  }

  async remove(slot: SlotName): Promise<void> {
    this.#set(slot, emptyImport);
    await this.experiment.setDataset(slot, null);
  }

  async importModel(files: FolderFile[], name: string): Promise<void> {
    if (files.length === 0) return;
    this.modelProgress = { done: 0, of: 0 };
    try {
      const data = await services.data();
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
    this.models = (await services.listModels()).sort((a, b) => b.createdAt - a.createdAt);
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
