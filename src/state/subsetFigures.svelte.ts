import type { LabelledFigures } from '../protocol/questionFigures';
import type { PairedAnswers } from './evaluation.svelte';
import { Newest } from './newest';

/** The questions shown; null if these are all. */
export interface ShownQuestions {
  ids: readonly string[] | null;
  /** Whether they were chosen by how they changed, so that a test would only find this change again. */
  byOutcome: boolean;
}

interface Shown extends Pick<ShownQuestions, 'byOutcome'> {
  all: LabelledFigures;
  /** Null if all questions are shown. */
  some: LabelledFigures | null;
}

/** The figures of the questions shown next to those of all. The latter are kept until what they depend on changes. */
export class SubsetFigures {
  shown = $state.raw<Shown | null>(null);
  #all: { of: readonly unknown[]; figures: LabelledFigures } | null = null;
  readonly #newest = new Newest();

  /** Reads the figures that are missing. `decisions` are those about labels, which `flush` stores for the worker. */
  async read(
    answers: Pick<PairedAnswers, 'questions' | 'k' | 'modelIds' | 'figures'>,
    { ids, byOutcome }: ShownQuestions,
    { decisions, flush }: { decisions: unknown; flush: () => Promise<unknown> },
  ): Promise<void> {
    const of = [answers.questions, answers.k, answers.modelIds.join('\n'), decisions];
    const known = this.#all?.of.every((value, i) => value === of[i]) ? this.#all.figures : null;
    const read = async (): Promise<Shown> => {
      await flush();
      const sets = [...(known ? [] : [null]), ...(ids ? [ids] : [])];
      const found = sets.length === 0 ? [] : await answers.figures(sets);
      const [all] = known ? [known] : found;
      if (!all) throw new Error('no figures of all questions');
      return { all, some: ids ? (found.at(-1) ?? null) : null, byOutcome };
    };
    await this.#newest.ask(read, (shown) => {
      this.#all = { of, figures: shown.all };
      this.shown = shown;
    });
  }

  /** Shows nothing, and drops figures that are on their way. */
  clear(): void {
    this.#newest.forget();
    this.shown = null;
  }
}
