import type { Experiment } from '../domain/experiment';
import type { Pair, Passage, Question, Row } from '../domain/records';
import { splitData } from '../domain/split/splitData';
import { services } from './services';
import { entryOf, type SlotName } from './slots';

const pageRows = 1000;

async function rowsOf(experiment: Experiment, slot: SlotName): Promise<Row[]> {
  const entry = entryOf(experiment, slot);
  const all: Row[] = [];
  if (!entry) return all;
  for (let offset = 0; ; offset += pageRows) {
    const rows = await services.readRows(entry.contentSha256, offset, pageRows);
    all.push(...rows);
    if (rows.length < pageRows) return all;
  }
}

const isPair = (row: Row): row is Pair => 'anchor' in row;
const isQuestion = (row: Row): row is Question => 'relevant' in row;
const isPassage = (row: Row): row is Passage => 'text' in row && !('relevant' in row);

export interface SplitCounts {
  train: number;
  dev: number;
  test: number;
  leaks: number;
}

/** The three parts of an experiment's data, counted by the same function that the run uses. */
export class SplitState {
  counts = $state.raw<SplitCounts | null>(null);
  #rows: { key: string; rows: Promise<[Row[], Row[], Row[], Row[]]> } | null = null;
  #asked = 0;

  async count(experiment: Experiment): Promise<void> {
    const asked = ++this.#asked;
    const key = JSON.stringify(experiment.data);
    if (this.#rows?.key !== key) this.#rows = { key, rows: this.#read(experiment) };
    const [pairs, knowledgeBase, dev, test] = await this.#rows.rows;
    // A newer question overtook this one while the rows were read.
    if (asked !== this.#asked) return;
    const split = splitData({
      experiment,
      pairs: pairs.filter(isPair),
      knowledgeBase: knowledgeBase.filter(isPassage),
      devQuestions: dev.filter(isQuestion),
      testQuestions: test.filter(isQuestion),
    });
    this.counts = { train: split.trainRows.length, dev: split.dev.length, test: split.test.length, leaks: split.leaks };
  }

  #read(experiment: Experiment): Promise<[Row[], Row[], Row[], Row[]]> {
    return Promise.all([
      rowsOf(experiment, 'pairs'),
      rowsOf(experiment, 'knowledgeBase'),
      rowsOf(experiment, 'devQuestions'),
      rowsOf(experiment, 'testQuestions'),
    ]);
  }
}
