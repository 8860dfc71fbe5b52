import { untrack } from 'svelte';
import { offeredKs, rankChange, sortByGain, type AnswerAt, type RankChange } from '../domain/evaluate/answerAt';
import type { Candidate } from '../domain/evaluate/candidate';
import type { QuestionFacts } from '../domain/evaluate/questionFilter';
import { toAppError, type AppErrorDetails } from '../domain/errors';
import type { Experiment } from '../domain/experiment';
import type { Evaluation } from '../domain/evaluate/evaluation';
import { pairedQuestions, type PairedQuestion } from '../domain/evaluate/pairedQuestions';
import { entryOf } from '../domain/import/slots';
import { isWithoutRows } from '../domain/lostContent';
import type { QuestionPart } from '../domain/records';
import {
  runModels,
  type Explanation,
  type FiguresRequest,
  type LabelledFigures,
  type ResultsOwner,
} from '../protocol/questionFigures';
import type { KeywordComparison } from '../protocol/keywordComparison';
import { gateway } from './gateway';
import { Newest } from './newest';
import { storedRows } from './storedRows';

export interface QuestionRow extends PairedQuestion {
  text: string;
  relevant: string[];
}

/** Questions answered by two models, or by one before and after training, for the question list. */
export interface PairedAnswers {
  /** The chosen cut-off: how many of the first results count. */
  readonly k: number;
  /** How many questions changed in each way at the cut-off. */
  readonly answer: Record<RankChange, number> | null;
  /** Questions with the largest gain first. */
  readonly questions: readonly QuestionRow[];
  readonly part: QuestionPart;
  /** Values by which the questions can be filtered, by id; empty until they are read. */
  readonly facts: ReadonlyMap<string, QuestionFacts>;
  changeOf(row: QuestionRow): RankChange;
  /** Returns the texts of passages. */
  passages(ids: string[]): Promise<PassageText[]>;
  /** Ids of the models shown. They change when another one has results. */
  readonly modelIds: readonly string[];
  /** Returns the figures of all models shown, on each set of questions; null for all questions. */
  figures(sets: FiguresRequest['sets']): Promise<LabelledFigures[]>;
  /** Explains the order of the passages that are shown for a question. */
  explain(questionId: string, passageIds: readonly string[]): Promise<Explanation>;
}

export interface PassageText {
  id: string;
  title?: string | undefined;
  text: string;
}

/**
 * Returns the initial k at which improved and worse questions are counted: that of the primary metric if it is a hit
 * rate, else 1.
 */
export function primaryK(experiment: Experiment): number {
  const found = /^hitRateAt(\d+)$/.exec(experiment.evaluation.primary);
  return found ? Number(found[1]) : 1;
}

/** Returns the cut-offs to choose from: the usual ones and the experiment's. */
function cutOffs(experiment: Experiment): number[] {
  return [...new Set([...offeredKs, ...experiment.evaluation.ks, primaryK(experiment)])].sort((a, b) => a - b);
}

/** Adds the questions' texts. A question whose text is unknown is shown by its id. */
export function withTexts(
  questions: readonly PairedQuestion[],
  texts: ReadonlyMap<string, { text: string; relevant: string[] }>,
): QuestionRow[] {
  return questions.map((question) => {
    const { text = question.questionId, relevant = [] } = texts.get(question.questionId) ?? {};
    return { ...question, text, relevant };
  });
}

/** The test evaluations of one run before and after training, compared question by question. */
export class EvaluationState implements PairedAnswers {
  before = $state.raw<Evaluation | null>(null);
  after = $state.raw<Evaluation | null>(null);
  /** The comparison at each cut-off of `ks`. */
  answers = $state.raw<readonly AnswerAt[]>([]);
  /** The questions of both evaluations, those with the largest gain first. */
  questions = $state.raw<QuestionRow[]>([]);
  /** The keyword search; null while it is in progress or after it failed. */
  keyword = $state.raw<KeywordComparison | null>(null);
  keywordError = $state.raw<AppErrorDetails | null>(null);
  facts = $state.raw<ReadonlyMap<string, QuestionFacts>>(new Map());
  loaded = $state(false);
  /** The chosen cut-off: how many of the first results count. */
  k = $state(1);
  readonly ks: readonly number[];
  readonly answer = $derived(this.answers.find(({ k }) => k === this.k) ?? null);
  readonly keywordAnswer = $derived(this.keyword?.answers.find(({ k }) => k === this.k) ?? null);
  readonly modelIds = $derived(this.keyword ? runModels : runModels.filter((id) => id !== 'keywords'));
  readonly part = 'test';
  #passages: Promise<Map<string, PassageText>> | null = null;

  constructor(
    readonly runId: string,
    readonly experiment: Experiment,
  ) {
    this.k = primaryK(experiment);
    this.ks = cutOffs(experiment);
  }

  /** How a question's rank changed at the chosen cut-off. */
  changeOf({ rankBefore, rankAfter }: QuestionRow): RankChange {
    return rankChange(rankBefore, rankAfter, this.k);
  }

  async load(): Promise<void> {
    this.before = (await gateway.getEvaluation(this.runId, 'test', 'before')) ?? null;
    this.after = (await gateway.getEvaluation(this.runId, 'test', 'after')) ?? null;
    if (this.before && this.after) {
      this.answers = (await (await gateway.data()).compareRun(this.runId, this.ks)) ?? [];
      this.questions = await this.#rows(this.before, this.after);
    }
    this.loaded = true;
  }

  /** Answers the questions by keywords, for comparison. */
  async searchByKeywords(): Promise<void> {
    try {
      this.keyword = await (await gateway.data()).compareWithKeywords(this.runId, this.ks, () => undefined);
    } catch (thrown) {
      this.keywordError = toAppError(thrown).details;
    }
  }

  /** Reads the values by which the questions can be filtered. They stay empty if the data was deleted or is lost. */
  async loadFacts(): Promise<void> {
    try {
      const questions = await (await gateway.data()).listQuestions(this.#owner);
      this.facts = new Map(questions.map(({ id, topic, document }) => [id, { topic, document }]));
    } catch (thrown) {
      if (!isWithoutRows(thrown)) throw thrown;
    }
  }

  get #owner(): ResultsOwner {
    return { runId: this.runId };
  }

  async figures(sets: FiguresRequest['sets']): Promise<LabelledFigures[]> {
    const pair = { before: 'before', after: 'after' };
    return (await gateway.data()).figuresOf({ owner: this.#owner, ids: this.modelIds, pair, k: this.k, sets });
  }

  async explain(questionId: string, passageIds: readonly string[]): Promise<Explanation> {
    const { model } = this.experiment;
    const candidates: (Candidate | null)[] = [
      model && { kind: 'base', model },
      { kind: 'run', runId: this.runId, weights: 'kept' },
    ];
    return (await gateway.data()).explainQuestion({ owner: this.#owner, questionId, passageIds, candidates });
  }

  async #rows(before: Evaluation, after: Evaluation): Promise<QuestionRow[]> {
    const texts = await this.#questionTexts();
    return sortByGain(withTexts(pairedQuestions(before.results, after.results), texts));
  }

  async #questionTexts(): Promise<Map<string, { text: string; relevant: string[] }>> {
    const texts = new Map<string, { text: string; relevant: string[] }>();
    const entry = entryOf(this.experiment, 'testQuestions');
    if (!entry) return texts;
    for await (const rows of storedRows(entry.contentSha256))
      for (const row of rows) if ('relevant' in row) texts.set(row.id, { text: row.text, relevant: row.relevant });
    return texts;
  }

  /**
   * Returns the texts of passages; that of a lost one is its id. Reads the knowledge base once, when the first question
   * is opened, and again if rows of it were lost.
   */
  async passages(ids: string[]): Promise<PassageText[]> {
    this.#passages ??= this.#readPassages(() => (this.#passages = null));
    const all = await this.#passages;
    return ids.map((id) => all.get(id) ?? { id, text: id });
  }

  /** Calls `onPartial` if the texts are not all read. */
  async #readPassages(onPartial: () => void): Promise<Map<string, PassageText>> {
    const all = new Map<string, PassageText>();
    const entry = entryOf(this.experiment, 'knowledgeBase');
    if (!entry) return all;
    try {
      for await (const rows of storedRows(entry.contentSha256, onPartial))
        for (const row of rows)
          if ('text' in row && !('relevant' in row)) all.set(row.id, { id: row.id, text: row.text, title: row.title });
    } catch (thrown) {
      onPartial();
      throw thrown;
    }
    return all;
  }
}

/** The evaluation on the screen: that of the run chosen last. */
export class ShownEvaluation {
  current = $state.raw<EvaluationState | null>(null);
  readonly #newest = new Newest();

  /**
   * Loads a run's evaluation and shows it, unless another one has been requested meanwhile. When the same run is read
   * again, it keeps its cut-off and its keyword search.
   */
  async show(runId: string, experiment: Experiment): Promise<void> {
    const next = new EvaluationState(runId, experiment);
    const isNewest = await this.#newest.ask(
      () => next.load(),
      () => {
        const before = untrack(() => this.current);
        if (before?.runId === runId) Object.assign(next, { k: before.k, keyword: before.keyword, facts: before.facts });
        this.current = next;
      },
    );
    if (!isNewest || !next.after) return;
    await next.loadFacts();
    if (!next.keyword) await next.searchByKeywords();
  }
}
