import { countChanges, rankChange, sortByGain, type RankChange } from '../domain/evaluate/answerAt';
import type { QuestionFacts } from '../domain/evaluate/questionFilter';
import { pairedQuestions } from '../domain/evaluate/pairedQuestions';
import type { QuestionPart } from '../domain/records';
import type { Explanation, FiguresRequest, LabelledFigures, ResultsOwner } from '../protocol/questionFigures';
import type { ComparisonState } from './comparison.svelte';
import { withTexts, type PairedAnswers, type PassageText, type QuestionRow } from './evaluation.svelte';
import { gateway } from './gateway';

/** The questions of a comparison, as answered by two of its models. */
export class ComparedPair implements PairedAnswers {
  #facts = $state.raw<{ of: unknown; values: ReadonlyMap<string, QuestionFacts> } | null>(null);
  #chosen = $state<{ before: string | null; after: string | null }>({ before: null, after: null });
  readonly beforeId = $derived.by(() => this.#shownOr(this.#chosen.before) ?? this.comparison.baselineId);
  readonly afterId = $derived.by(
    () => this.#shownOr(this.#chosen.after) ?? this.comparison.shown.find(({ id }) => id !== this.beforeId)?.id ?? null,
  );
  readonly #texts = $derived.by(
    () => new Map((this.comparison.data?.questions ?? []).map((question) => [question.id, question])),
  );
  readonly questions = $derived.by<readonly QuestionRow[]>(() => {
    const [before, after] = [this.beforeId, this.afterId].map((id) => this.comparison.modelOf(id ?? '')?.results);
    return before && after ? sortByGain(withTexts(pairedQuestions(before, after), this.#texts)) : [];
  });
  readonly answer = $derived.by(() => countChanges(this.questions, this.comparison.k));

  constructor(readonly comparison: ComparisonState) {}

  get k(): number {
    return this.comparison.k;
  }

  /** Chooses the model of one side. */
  choose(side: 'before' | 'after', id: string): void {
    this.#chosen = { ...this.#chosen, [side]: id };
  }

  changeOf({ rankBefore, rankAfter }: QuestionRow): RankChange {
    return rankChange(rankBefore, rankAfter, this.k);
  }

  get part(): QuestionPart {
    return this.comparison.part;
  }

  get facts(): ReadonlyMap<string, QuestionFacts> {
    return this.#facts?.of === this.comparison.data ? this.#facts.values : new Map();
  }

  /** Reads the values by which the questions can be filtered. Call whenever the data of the comparison has changed. */
  async loadFacts(): Promise<void> {
    const of = this.comparison.data;
    if (!of) return;
    const questions = await (await gateway.data()).listQuestions(this.#owner);
    this.#facts = { of, values: new Map(questions.map(({ id, topic, document }) => [id, { topic, document }])) };
  }

  get #owner(): ResultsOwner {
    const { experimentId, part } = this.comparison;
    return { experimentId, part };
  }

  get modelIds(): readonly string[] {
    return this.comparison.shown.map(({ id }) => id);
  }

  async figures(sets: FiguresRequest['sets']): Promise<LabelledFigures[]> {
    const pair = { before: this.beforeId, after: this.afterId };
    const request = { owner: this.#owner, ids: this.modelIds, pair, k: this.comparison.k, sets };
    return (await gateway.data()).figuresOf(request);
  }

  async explain(questionId: string, passageIds: readonly string[]): Promise<Explanation> {
    const candidates = [this.beforeId, this.afterId].map(
      (id) => this.comparison.candidateOf(id ?? '')?.candidate ?? null,
    );
    return (await gateway.data()).explainQuestion({ owner: this.#owner, questionId, passageIds, candidates });
  }

  async passages(ids: string[]): Promise<PassageText[]> {
    const { experimentId, part } = this.comparison;
    const found = await (await gateway.data()).comparedPassages(experimentId, part, ids);
    const texts = new Map(found.map(({ id, title, text }) => [id, { id, title, text }]));
    return ids.map((id) => texts.get(id) ?? { id, text: id });
  }

  #shownOr(id: string | null): string | undefined {
    return this.comparison.shown.find((one) => one.id === id)?.id;
  }
}
