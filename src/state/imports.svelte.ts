import { downloaded } from '../domain/download';
import { AppError } from '../domain/errors';
import { demoDataFiles } from '../domain/import/demoInputs';
import type { Recognition } from '../domain/import/recognise';
import type { StoredModel } from '../domain/model';
import type { Dataset } from '../domain/records';
import { fillingsForSlot, type Filling } from '../domain/import/fillings';
import type { DataApi, FolderFile, Progress, RejectedRows, Survey } from '../protocol/dataApi';
import type { ExperimentState } from './experiment.svelte';
import { app } from './app.svelte';
import { baseUrl, gateway } from './gateway';
import { Newest } from './newest';
import { choicesWith, noChanges, rememberChoices } from './recognitionChoices';
import { slots, type SlotName } from '../domain/import/slots';

/** The recognition of the files chosen last. It is lost when the page closes, because files are not stored. */
export interface SlotRecognition {
  files: File[];
  found: Recognition[];
  /** Whether the import of these files failed. The slot then still holds its earlier data. */
  refused: boolean;
}

/** Dropped files that can fill several slots, until the user has chosen the slots. */
export interface Drop {
  files: FolderFile[];
  /** The slot on which the files were dropped; null for the whole stage. */
  slot: SlotName | null;
  survey: Survey;
}

interface SlotImport extends RejectedRows {
  progress: { done: number; of: number } | null;
  /** Encoding of the first file, shown beside its rows so that a wrong guess is noticed. Null after a reload. */
  encoding: string | null;
  recognition: SlotRecognition | null;
  /**
   * `#pairKey` of questions and a knowledge base that do not match, because no question refers to one of its passages;
   * else null.
   */
  unusable: string | null;
}

const emptyImport: SlotImport = {
  progress: null,
  recognition: null,
  rejected: [],
  rejectedCount: 0,
  ignoredCount: 0,
  noteCount: 0,
  encoding: null,
  unusable: null,
};
const questionSlots = ['devQuestions', 'testQuestions'] as const;
type QuestionSlot = (typeof questionSlots)[number];

/** Fetches a file that is served with the page. Throws `download-failed`. */
async function fetched(path: string): Promise<Blob> {
  const url = `${baseUrl}${path}`;
  return downloaded(
    url,
    () => fetch(url),
    (response) => response.blob(),
  );
}

/** Imports files into one experiment, one slot at a time, and keeps the lists of rejected rows. */
export class ImportsState {
  slots = $state.raw<Record<SlotName, SlotImport>>({
    knowledgeBase: emptyImport,
    pairs: emptyImport,
    scoredPairs: emptyImport,
    devQuestions: emptyImport,
    testQuestions: emptyImport,
  });
  drop = $state.raw<Drop | null>(null);
  /** Progress of reading files that were dropped on the stage. */
  surveyProgress = $state.raw<{ done: number; of: number } | null>(null);
  modelProgress = $state.raw<{ done: number; of: number } | null>(null);
  models = $state.raw<StoredModel[]>([]);
  readonly #newestModels = new Newest();

  #storedChecked = false;

  constructor(readonly experiment: ExperimentState) {}

  #set(slot: SlotName, change: Partial<SlotImport>): void {
    this.slots = { ...this.slots, [slot]: { ...this.slots[slot], ...change } };
  }

  /**
   * Takes files that were dropped on a slot, or on the stage (null). Files that can fill several slots wait in `drop`
   * for the user's choice, and so does everything dropped on the stage. Other files are imported into the slot.
   */
  async take(files: FolderFile[], slot: SlotName | null): Promise<void> {
    if (files.length === 0) return;
    const survey = await this.#survey(files, slot);
    if (slot !== null && !(survey.together && survey.fillings.length > 1)) {
      await this.importFiles(
        slot,
        files.map(({ file }) => file),
      );
      return;
    }
    const fillings = slot === null ? survey.fillings : fillingsForSlot(survey.fillings, slot);
    this.drop = { files, slot, survey: { ...survey, fillings } };
  }

  async #survey(files: FolderFile[], slot: SlotName | null): Promise<Survey> {
    const report = (progress: { done: number; of: number } | null): void => {
      if (slot === null) this.surveyProgress = progress;
      else this.#set(slot, { progress });
    };
    report({ done: 0, of: 0 });
    try {
      const data = await gateway.data();
      const { readings } = choicesWith(noChanges);
      return await data.surveyFiles(files, slot !== null, readings, (done, of) => report({ done, of }));
    } finally {
      report(null);
    }
  }

  /**
   * Imports the files of `drop` into the chosen slots, the knowledge base first. If another slot fails, the rest are
   * still imported; the first error is thrown.
   */
  async fill(chosen: readonly Filling[]): Promise<void> {
    const files = this.drop?.files ?? [];
    this.drop = null;
    const errors: unknown[] = [];
    for (const { slot, files: positions, idColumns = {} } of chosen) {
      const own = positions.flatMap((position) => files[position]?.file ?? []);
      const byName = Object.entries(idColumns).map(([at, column]) => [files[Number(at)]?.file.name ?? '', column]);
      try {
        await this.importFiles(slot, own, noChanges, Object.fromEntries(byName) as Record<string, string>);
      } catch (thrown) {
        // Otherwise pairs and questions would be looked up in the wrong knowledge base.
        if (slot === 'knowledgeBase') throw thrown;
        errors.push(thrown);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  /** Imports files. If the import succeeds, the choices in `changes` are remembered for similar files. */
  async importFiles(
    slot: SlotName,
    files: File[],
    changes = noChanges,
    idColumns: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    if (files.length === 0) return;
    const before = this.slots[slot];
    const choices = choicesWith(changes);
    this.#set(slot, { ...emptyImport, progress: { done: 0, of: 0 } });
    try {
      const data = await gateway.data();
      const progress = (done: number, of: number) => this.#set(slot, { progress: { done, of } });
      const knowledgeBase = this.experiment.datasets.knowledgeBase?.contentSha256;
      const options = { ...choices, idColumns, ...(knowledgeBase === undefined ? {} : { knowledgeBase }) };
      const report = await data.importDataset(files, slots[slot].role, progress, options);
      if (changes !== noChanges) rememberChoices(choices);
      const { dataset, recognised, rejected, rejectedCount, ignoredCount, noteCount, encoding } = report;
      const recognition = { files, found: recognised, refused: false };
      this.#set(slot, { recognition, rejected, rejectedCount, ignoredCount, noteCount, encoding });
      await this.experiment.setDataset(slot, dataset);
      app.fileAccepted();
      if (slot === 'knowledgeBase')
        for (const questions of questionSlots)
          await this.#check(questions, (kept) => this.experiment.setDataset(questions, kept));
    } catch (thrown) {
      // The slot keeps its data set, so it also keeps the report about that data set.
      this.#set(slot, before);
      if (thrown instanceof AppError && thrown.details.kind === 'import-failed') {
        // The import's error is thrown below. A file that can't be read has no columns to show.
        const found = await this.recognise(slot, files, changes).catch(() => []);
        if (found.some(({ columns, sheets, detected }) => columns.length > 0 || sheets.length > 1 || detected === null))
          this.#set(slot, { recognition: { files, found, refused: true } });
      }
      throw thrown;
    } finally {
      this.#set(slot, { progress: null });
    }
  }

  /** Recognises the columns of files without importing them. Throws if a file is not text or a workbook. */
  async recognise(slot: SlotName, files: File[], changes = noChanges): Promise<Recognition[]> {
    const data = await gateway.data();
    return data.recogniseFiles(files, slots[slot].role, choicesWith(changes));
  }

  /**
   * Checks stored questions once per page load: they may not match the stored knowledge base. Later imports check their
   * own questions.
   */
  async checkStored(): Promise<void> {
    if (this.#storedChecked) return;
    this.#storedChecked = true;
    const { knowledgeBase } = this.experiment.datasets;
    if (knowledgeBase && knowledgeBase.titles === undefined)
      this.experiment.datasetCounted(await (await gateway.data()).countTitles(knowledgeBase.contentSha256));
    for (const slot of questionSlots) await this.#check(slot, () => Promise.resolve());
  }

  /** Checks stored questions against the knowledge base. `keep` receives those that refer to one of its passages. */
  async #check(slot: QuestionSlot, keep: (kept: Dataset) => Promise<void>): Promise<void> {
    const { knowledgeBase, [slot]: questions } = this.experiment.datasets;
    if (!knowledgeBase || !questions) return;
    const key = this.#pairKey(slot);
    const data = await gateway.data();
    const { kept, ...left } = await data.checkQuestions(questions.contentSha256, knowledgeBase.contentSha256);
    // Another import may have replaced the data meanwhile.
    if (key !== this.#pairKey(slot)) return;
    // Rows left out by the import stay listed, but a report about unusable questions is replaced by the new one.
    const before = this.slots[slot].unusable === null ? this.slots[slot] : emptyImport;
    this.#set(slot, {
      rejected: [...before.rejected, ...left.rejected],
      rejectedCount: before.rejectedCount + left.rejectedCount,
      ignoredCount: before.ignoredCount + left.ignoredCount,
      noteCount: before.noteCount + left.noteCount,
      unusable: kept ? null : key,
    });
    if (kept) await keep(kept);
  }

  #pairKey(slot: SlotName): string {
    const { knowledgeBase, [slot]: questions } = this.experiment.datasets;
    return `${questions?.contentSha256} ${knowledgeBase?.contentSha256}`;
  }

  /** Whether the slot's questions are known to refer to no passage of the current knowledge base. */
  isUnusable(slot: SlotName): boolean {
    return this.slots[slot].unusable === this.#pairKey(slot);
  }

  async remove(slot: SlotName): Promise<void> {
    this.#set(slot, emptyImport);
    await this.experiment.setDataset(slot, null);
  }

  async importModel(files: FolderFile[], name: string): Promise<void> {
    if (files.length === 0) return;
    await this.#useImported((data, progress) => data.importModel(files, name, progress));
  }

  /** Imports the demo model that comes with the page, like any other folder. */
  async useDemoModel(): Promise<void> {
    await this.#useImported((data, progress) => data.importDemoModel(baseUrl, progress));
  }

  async #useImported(importing: (data: DataApi, progress: Progress) => Promise<StoredModel>): Promise<void> {
    this.modelProgress = { done: 0, of: 0 };
    try {
      const data = await gateway.data();
      await this.useModel(await importing(data, (done, of) => (this.modelProgress = { done, of })));
    } finally {
      this.modelProgress = null;
    }
  }

  /**
   * Imports the parts of the demo that the experiment names, the knowledge base first, because the others refer to it.
   */
  async useDemoParts(): Promise<void> {
    for (const input of this.experiment.demoParts) {
      if (input === 'model') await this.useDemoModel();
      else {
        const name = demoDataFiles[input];
        await this.importFiles(input, [new File([await fetched(`demo/${name}`)], name)]);
      }
    }
  }

  /** Uses a model that was just imported from a folder or a hub as the experiment's model. */
  async useModel(model: StoredModel): Promise<void> {
    if (!(await this.experiment.findModel(model))) await this.experiment.setModel(model);
    app.fileAccepted();
    await this.loadModels();
  }

  async loadModels(): Promise<void> {
    await this.#newestModels.ask(
      () => gateway.listModels(),
      (models) => (this.models = models.sort((a, b) => b.createdAt - a.createdAt)),
    );
  }
}
