import { compareQuestions, type Comparison } from '../domain/evaluate/comparison';
import type { Experiment } from '../domain/experiment';
import type { Evaluation, QuestionResult } from '../domain/evaluate/evaluation';
import { entryOf } from '../domain/import/slots';
import { gateway } from './gateway';

export interface QuestionRow {
  questionId: string;
  text: string;
  relevant: string[];
  change: 'won' | 'lost' | 'unchanged';
  /** Rank of the first relevant passage; null if none was found. */
  rankBefore: number | null;
  rankAfter: number | null;
  before: QuestionResult;
  after: QuestionResult;
}

export interface PassageText {
  id: string;
  title?: string | undefined;
  text: string;
}

const pageRows = 1000;

/**
 * Returns the k at which won and lost questions are counted: that of the primary metric if it is a hit rate, else 1.
 */
export function primaryK(experiment: Experiment): number {
  const found = /^hitRateAt(\d+)$/.exec(experiment.evaluation.primary);
  return found ? Number(found[1]) : 1;
}

const rankOrNull = (rank: number): number | null => (Number.isFinite(rank) ? rank : null);

/** The test evaluations of one run before and after training, compared question by question. */
export class EvaluationState {
  before = $state.raw<Evaluation | null>(null);
  after = $state.raw<Evaluation | null>(null);
  comparison = $state.raw<Comparison | null>(null);
  questions = $state.raw<QuestionRow[]>([]);
  loaded = $state(false);
  #passages: Promise<Map<string, PassageText>> | null = null;

  /** The k at which won and lost questions are counted. */
  readonly k: number;

  constructor(
    readonly runId: string,
    readonly experiment: Experiment,
  ) {
    this.k = primaryK(experiment);
  }

  async load(): Promise<void> {
    this.before = (await gateway.getEvaluation(this.runId, 'test', 'before')) ?? null;
    this.after = (await gateway.getEvaluation(this.runId, 'test', 'after')) ?? null;
    if (this.before && this.after) {
      this.comparison = compareQuestions(this.before.results, this.after.results, this.k);
      this.questions = await this.#rows(this.before, this.after, this.comparison);
    }
    this.loaded = true;
  }

  async #rows(before: Evaluation, after: Evaluation, comparison: Comparison): Promise<QuestionRow[]> {
    const earlier = new Map(before.results.map((result) => [result.questionId, result]));
    const later = new Map(after.results.map((result) => [result.questionId, result]));
    const texts = await this.#questionTexts();
    return (['won', 'lost', 'unchanged'] as const).flatMap((change) =>
      comparison[change].flatMap(({ questionId, rankBefore, rankAfter }) => {
        const [b, a] = [earlier.get(questionId), later.get(questionId)];
        if (!b || !a) return [];
        const { text = questionId, relevant = [] } = texts.get(questionId) ?? {};
        const ranks = { rankBefore: rankOrNull(rankBefore), rankAfter: rankOrNull(rankAfter) };
        return [{ questionId, text, relevant, change, ...ranks, before: b, after: a }];
      }),
    );
  }

  async #questionTexts(): Promise<Map<string, { text: string; relevant: string[] }>> {
    const texts = new Map<string, { text: string; relevant: string[] }>();
    const entry = entryOf(this.experiment, 'testQuestions');
    if (!entry) return texts;
    for (let offset = 0; ; offset += pageRows) {
      const rows = await gateway.readRows(entry.contentSha256, offset, pageRows);
      for (const row of rows) if ('relevant' in row) texts.set(row.id, { text: row.text, relevant: row.relevant });
      if (rows.length < pageRows) return texts;
    }
  }

  /** Returns the texts of passages. Reads the knowledge base once, when the first question is opened. */
  async passages(ids: string[]): Promise<PassageText[]> {
    this.#passages ??= this.#readPassages();
    const all = await this.#passages;
    return ids.map((id) => all.get(id) ?? { id, text: id });
  }

  async #readPassages(): Promise<Map<string, PassageText>> {
    const all = new Map<string, PassageText>();
    const entry = entryOf(this.experiment, 'knowledgeBase');
    if (!entry) return all;
    for (let offset = 0; ; offset += pageRows) {
      const rows = await gateway.readRows(entry.contentSha256, offset, pageRows);
      for (const row of rows)
        if ('text' in row && !('relevant' in row)) all.set(row.id, { id: row.id, text: row.text, title: row.title });
      if (rows.length < pageRows) return all;
    }
  }
}
