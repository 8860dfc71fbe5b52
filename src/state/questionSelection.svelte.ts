import {
  filterQuestions,
  filterValues,
  noFilter,
  type FilterField,
  type QuestionFilter,
} from '../domain/evaluate/questionFilter';
import type { PairedAnswers, QuestionRow } from './evaluation.svelte';

/** The questions that are shown: those that match the filters and contain the words searched for. */
export class QuestionSelection {
  filter = $state.raw<QuestionFilter>(noFilter);
  search = $state('');
  readonly #answers: () => PairedAnswers;

  /** `answers` is read again whenever it changes. */
  constructor(answers: () => PairedAnswers) {
    this.#answers = answers;
  }

  readonly #filtered = $derived.by(() => {
    const { questions, facts } = this.#answers();
    const values = questions.map((row) =>
      filterValues(row.text, facts.get(row.questionId), this.#answers().changeOf(row)),
    );
    return filterQuestions(values, this.filter);
  });
  readonly counts = $derived.by(() => this.#filtered.counts);
  readonly shown = $derived.by<readonly QuestionRow[]>(() => {
    const words = this.search.trim().toLowerCase();
    return this.#answers().questions.filter(
      (row, i) => this.#filtered.matching[i] === true && row.text.toLowerCase().includes(words),
    );
  });
  readonly isNarrowed = $derived.by(() => this.shown.length < this.#answers().questions.length);

  choose(field: FilterField, value: string | null): void {
    this.filter = { ...this.filter, [field]: value };
  }

  clear(): void {
    this.filter = noFilter;
    this.search = '';
  }
}
