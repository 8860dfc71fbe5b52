import type { Question } from '../records';

/** Merges the rows of one question, which files of judgements and spreadsheets write once per relevant passage. */
export class QuestionMerger<Place> {
  readonly #questions = new Map<string, { text: string; relevant: Set<string>; place: Place }>();

  /** Adds a row. Returns whether it belongs to an earlier question. */
  add({ id, text, relevant }: Question, place: Place): boolean {
    const known = this.#questions.get(id);
    if (!known) this.#questions.set(id, { text, relevant: new Set(relevant), place });
    else for (const reference of relevant) known.relevant.add(reference);
    return known !== undefined;
  }

  /**
   * Returns the questions in file order, and the places of those without a relevant passage, which cannot be scored.
   */
  finish(): { questions: Question[]; irrelevant: Place[] } {
    const questions: Question[] = [];
    const irrelevant: Place[] = [];
    for (const [id, { text, relevant, place }] of this.#questions) {
      if (relevant.size > 0) questions.push({ id, text, relevant: [...relevant] });
      else irrelevant.push(place);
    }
    return { questions, irrelevant };
  }
}
