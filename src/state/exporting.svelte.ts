import type { BlendPoint } from '../domain/evaluate/blend';
import { encodedText, type Row } from '../domain/records';
import type { RunRecord } from '../domain/run';
import { prefixOf, promptsAfter } from '../domain/train/prefix';
import type { ExportReport, ExportRequest } from '../protocol/dataApi';
import { blends } from './blends.svelte';
import { deviceJob } from './deviceJob.svelte';
import { gateway } from './gateway';
import { entryOf } from '../domain/import/slots';
import { Newest } from './newest';
import { storedRows } from './storedRows';

/** Number of passages, and of questions, that are encoded to check an exported model. */
const referenceTexts = 8;

/** The weights of a run that an export can write: the tuned ones, or an evaluated blend of them with the base model. */
export class ExportedWeights {
  /** Ratios of the blends that can be exported. */
  ratios = $state.raw<readonly number[]>([]);
  /** The chosen share of the tuned weights. */
  ratio = $state(1);
  #runId: string | null = null;
  readonly #newest = new Newest();

  /** Reads the ratios of a run. Keeps the choice when the same run is read again. */
  async load(runId: string | null): Promise<void> {
    if (runId !== this.#runId) {
      this.#runId = runId;
      this.ratios = [];
      this.ratio = 1;
    }
    const read = async () => (runId === null ? [] : (await blends.read(runId)).dev);
    const take = (points: readonly BlendPoint[]): void => {
      this.ratios = points.map(({ ratio }) => ratio).filter((ratio) => ratio > 0 && ratio < 1);
    };
    await this.#newest.ask(read, take);
  }
}

/**
 * One export. First the app computes reference vectors, which needs the device for a moment. Then it writes the files,
 * reads the model back and compares its vectors with the reference.
 */
export class ExportState {
  stage = $state<'idle' | 'vectors' | 'writing' | 'done'>('idle');
  progress = $state.raw<{ done: number; of: number }>({ done: 0, of: 0 });
  report = $state.raw<ExportReport | null>(null);
  /** The texts and vectors that the last export was checked against. */
  reference: ExportRequest['reference'] | null = null;

  /**
   * Exports the model of a run, or a blend of it with the base model: `ratio` is the share of the tuned weights. Throws
   * `device-busy` if another job is running.
   */
  async start(run: RunRecord, as: ExportRequest['as'] = 'zip', ratio = 1): Promise<ExportReport | null> {
    const settings = run.experiment.model;
    if (!settings) return null;
    this.stage = 'vectors';
    this.report = null;
    try {
      const texts = await sampleTexts(run);
      const data = await gateway.data();
      const added = prefixOf(run.experiment.stages)?.tokens;
      const tokens = await data.tokenIdsOf(settings.contentSha256, texts, settings.maxTokens, added);
      const gpu = await gateway.gpu();
      const blended = { runId: run.runId, ...(ratio === 1 ? {} : { ratio }) };
      const vectors = await deviceJob.during('export', () => gpu.encodeTexts(blended, tokens));
      this.reference = { texts, vectors };
      this.stage = 'writing';
      const progress = (done: number, of: number) => (this.progress = { done, of });
      this.report = await data.exportModel({ ...blended, reference: this.reference, as }, progress);
      this.stage = 'done';
      return this.report;
    } finally {
      if (this.report === null) this.stage = 'idle';
    }
  }
}

async function firstRows(contentSha256: string): Promise<readonly Row[]> {
  for await (const rows of storedRows(contentSha256)) return rows.slice(0, referenceTexts);
  return [];
}

/** Returns a few passages and questions with their prefixes, as the evaluation encodes them. Skips lost rows. */
async function sampleTexts(run: RunRecord): Promise<string[]> {
  const texts: string[] = [];
  const model = run.experiment.model && promptsAfter(run.experiment.model, run.experiment.stages);
  for (const slot of ['knowledgeBase', 'testQuestions'] as const) {
    const entry = entryOf(run.experiment, slot);
    if (!entry) continue;
    const prefix = slot === 'knowledgeBase' ? model?.passagePrefix : model?.queryPrefix;
    for (const row of await firstRows(entry.contentSha256))
      if ('text' in row)
        texts.push(`${prefix ?? ''}${'relevant' in row ? row.text : encodedText(row, entry.joinTitles === true)}`);
  }
  return texts;
}
