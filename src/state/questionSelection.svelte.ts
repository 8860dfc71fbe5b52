import {
  filterQuestions,
  filterValues,
  noFilter,
  presentFilter,
  type FilterField,
  type QuestionFilter,
} from '../domain/evaluate/questionFilter';
import type { PairedAnswers, QuestionRow } from './evaluation.svelte';

type Answers = Pick<PairedAnswers, 'part' | 'questions' | 'facts' | 'changeOf'>;

/** The questions that are shown: those that match the filters and contain the words searched for. */
export class QuestionSelection {
  search = $state('');
  #chosen = $state.raw<QuestionFilter>(noFilter);
  readonly #answers: () => Answers;

  /** `answers` is read again whenever it changes. */
  constructor(answers: () => Answers) {
    this.#answers = answers;
  }

  readonly #values = $derived.by(() => {
    const { questions, facts } = this.#answers();
    return questions.map((row) => filterValues(row.text, facts.get(row.questionId), this.#answers().changeOf(row)));
  });
  /** The chosen values, without those that no question has: another run or part may have been chosen since. */
  readonly filter = $derived.by(() => presentFilter(this.#chosen, this.#values));
  readonly #filtered = $derived.by(() => filterQuestions(this.#values, this.filter));
  readonly counts = $derived.by(() => this.#filtered.counts);
  readonly shown = $derived.by<readonly QuestionRow[]>(() => {
    const words = this.search.trim().toLowerCase();
    return this.#answers().questions.filter(
      (row, i) => this.#filtered.matching[i] === true && row.text.toLowerCase().includes(words),
    );
  });
  /** The page of the list. Another choice begins at the first page. */
  page = $derived.by(() => {
    void this.filter;
    void this.search;
    void this.#answers().part;
    return 0;
  });
  readonly isNarrowed = $derived.by(() => this.shown.length < this.#answers().questions.length);

  choose(field: FilterField, value: string | null): void {
    this.#chosen = { ...this.#chosen, [field]: value };
  }

  clear(): void {
    this.#chosen = noFilter;
    this.search = '';
  }
}
