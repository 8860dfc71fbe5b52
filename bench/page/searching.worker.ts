/** Times the search of the playground and the keyword search with the app's own functions. */
import { expose } from 'comlink';
import { candidateId, type PlaygroundCandidate } from '../../src/domain/evaluate/candidate';
import { rankByKeywords } from '../../src/domain/evaluate/keywordSearch';
import { experimentModelOf } from '../../src/domain/experiment';
import { openDatabase } from '../../src/storage/database';
import { searchByCandidates } from '../../workers/services/evaluate/playground';
import { DatasetWriter } from '../../workers/services/import/datasetWriter';
import { importDemoModel } from '../../workers/services/import/importDemoModel';
import { RunControl } from '../../workers/services/train/runControl';

export interface SearchingTask {
  passages: string[];
  questions: string[];
}

const api = {
  /**
   * Returns the milliseconds of each question after the first, with the demo model alone and together with keywords.
   */
  async playground({ passages, questions }: SearchingTask): Promise<{ model: number[]; both: number[] }> {
    const db = await openDatabase();
    const model = await importDemoModel(db, `${location.origin}/`);
    const writer = await DatasetWriter.open('knowledgeBase', 'passages');
    passages.forEach((text, i) => writer.add({ id: `p${i}`, text }));
    const base = { knowledgeBase: (await writer.finish(db)).contentSha256 };
    const dense: PlaygroundCandidate = { kind: 'base', model: experimentModelOf(model) };
    const deps = { db, control: new RunControl(), device: 'wasm' as const, wasmBaseUrl: `${location.origin}/engine/` };
    const timed = async (candidates: PlaygroundCandidate[], encode: boolean): Promise<number[]> => {
      const ms: number[] = [];
      for (const question of questions) {
        const request = { base, candidates, question, encode };
        const begin = performance.now();
        const { answers } = await searchByCandidates(request, { ...deps, progress: () => undefined });
        ms.push(performance.now() - begin);
        const failed = answers.findIndex(({ kind }) => kind !== 'found');
        const [candidate] = candidates.slice(failed);
        if (failed >= 0 && candidate) throw new Error(`no answer by ${candidateId(candidate)}`);
      }
      return ms.slice(1);
    };
    const first = await timed([dense], true);
    return { model: first, both: await timed([dense, { kind: 'keywords' }], false) };
  },
  /** Returns the milliseconds to index the passages and answer the questions by keywords. */
  async keywords({ passages, questions }: SearchingTask): Promise<number> {
    const rows = passages.map((text, i) => ({ id: `p${i}`, text }));
    const asked = questions.map((text, i) => ({ id: `q${i}`, text, relevant: [`p${i}`] }));
    const begin = performance.now();
    await rankByKeywords(rows, asked, 10, () => undefined);
    return performance.now() - begin;
  },
};

export type Searching = typeof api;
expose(api);
