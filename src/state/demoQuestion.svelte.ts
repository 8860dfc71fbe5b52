import { AppError, toAppError, type AppErrorDetails } from '../domain/errors';
import { demoQuestions } from '../domain/import/demoQuestions';
import type { SearchRequest, SearchResult } from '../protocol/search';
import { app } from './app.svelte';
import { deviceJob } from './deviceJob.svelte';
import { baseUrl, gateway } from './gateway';

/** Progress in answering a question; `of` is 0 while the total is unknown. */
interface AskProgress {
  doing: 'load' | 'encode' | 'search' | 'cancel';
  done: number;
  of: number;
}

/** An answered question. */
export interface Answer extends SearchResult {
  question: string;
}

/**
 * Answers a question from the demo's knowledge base with the untuned demo model. Loads nothing before the first
 * question.
 */
class DemoQuestionState {
  text = $state(demoQuestions[0]?.text ?? '');
  progress = $state.raw<AskProgress | null>(null);
  answer = $state.raw<Answer | null>(null);
  error = $state.raw<AppErrorDetails | null>(null);
  /** How fast the knowledge base was encoded; null before the first answer. */
  readonly encoding = $derived(this.answer?.encoding ?? null);
  #cancelled = false;
  #prepared: Pick<SearchRequest, 'knowledgeBase' | 'model'> | null = null;

  async ask(): Promise<void> {
    const question = this.text.trim();
    if (question === '' || this.progress) return;
    this.error = null;
    this.#cancelled = false;
    this.progress = { doing: 'load', done: 0, of: 0 };
    try {
      this.answer = { question, ...(await deviceJob.during('search', () => this.#search(question))) };
    } catch (thrown) {
      const { details } = toAppError(thrown);
      if (details.kind !== 'cancelled') this.error = details;
      // The stored demo may have been deleted meanwhile; the next question stores it again.
      this.#prepared = null;
    } finally {
      this.progress = null;
    }
  }

  async #search(question: string): Promise<SearchResult> {
    this.#prepared ??= await (
      await gateway.data()
    ).prepareDemoSearch(baseUrl, (done, of) => this.#report({ doing: 'load', done, of }));
    if (this.#cancelled) throw new AppError({ kind: 'cancelled' });
    this.#report({ doing: 'search', done: 0, of: 0 });
    const relevant = demoQuestions.find(({ text }) => text === question)?.relevant ?? [];
    return (await gateway.gpu()).searchPassages(
      { ...this.#prepared, question, relevant },
      app.devicePreference,
      (done, of) => this.#report({ doing: 'encode', done, of }),
    );
  }

  /** Ignores progress that arrives after a cancel or after the end of the question. */
  #report(progress: AskProgress): void {
    if (this.progress && !this.#cancelled) this.progress = progress;
  }

  async cancel(): Promise<void> {
    this.#cancelled = true;
    if (this.progress) this.progress = { doing: 'cancel', done: 0, of: 0 };
    await (await gateway.data()).cancelDemoSearch();
    if (deviceJob.current === 'search') await (await gateway.gpu()).cancelSearch();
  }
}

export const demoQuestion = new DemoQuestionState();
