import { countChanges, rankChange, sortByGain, type RankChange } from '../domain/evaluate/answerAt';
import { pairedQuestions } from '../domain/evaluate/pairedQuestions';
import type { ComparisonState } from './comparison.svelte';
import { withTexts, type PairedAnswers, type PassageText, type QuestionRow } from './evaluation.svelte';
import { gateway } from './gateway';

/** The questions of a comparison, as answered by two of its models. */
export class ComparedPair implements PairedAnswers {
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
