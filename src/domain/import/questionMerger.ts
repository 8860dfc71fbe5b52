import { keptFields, type KeptValues, type Question } from '../records';

interface Merged<Place> {
  text: string;
  relevant: Set<string>;
  kept: KeptValues | undefined;
  place: Place;
}

/** Whether some field has different values in the two. */
function differ(some: KeptValues, others: KeptValues = {}): boolean {
  return keptFields.some((field) => (some[field] ?? others[field]) !== (others[field] ?? some[field]));
}

/** Merges rows of the same question: files of judgements and spreadsheets have one row per relevant passage. */
export class QuestionMerger<Place> {
  readonly #questions = new Map<string, Merged<Place>>();
  readonly #differing: Place[] = [];

  /** Adds a row. Returns whether it belongs to an earlier question. */
  add({ id, text, relevant, kept }: Question, place: Place): boolean {
    const known = this.#questions.get(id);
    if (!known) this.#questions.set(id, { text, relevant: new Set(relevant), kept, place });
    else {
      for (const reference of relevant) known.relevant.add(reference);
      if (kept && differ(kept, known.kept)) this.#differing.push(place);
      if (kept) known.kept = { ...kept, ...known.kept };
    }
    return known !== undefined;
  }

  /**
   * Returns the questions in file order; the questions without a relevant passage, which have no answer in the
   * knowledge base, with their places; and the places of rows whose topic or document differs from that of the
   * question's first row, whose values are kept.
   */
  finish(): { questions: Question[]; unanswered: { id: string; place: Place }[]; differing: Place[] } {
    const questions: Question[] = [];
    const unanswered: { id: string; place: Place }[] = [];
    for (const [id, { text, relevant, kept, place }] of this.#questions) {
      questions.push({ id, text, relevant: [...relevant], ...(kept ? { kept } : {}) });
      if (relevant.size === 0) unanswered.push({ id, place });
    }
    return { questions, unanswered, differing: this.#differing };
  }
}
