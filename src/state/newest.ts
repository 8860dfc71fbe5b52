/**
 * Keeps a late answer from replacing a newer one. Use one instance for each question that can be asked again before it
 * is answered.
 */
export class Newest {
  #asked = 0;
  #latest: Promise<boolean> = Promise.resolve(false);

  /**
   * Asks, and passes the answer to `take` unless a newer question has been asked since; a failure is then dropped too.
   * Returns whether the answer was taken. `read` gets a function that tells whether its question is still the newest.
   */
  ask<Answer>(read: (isNewest: () => boolean) => Promise<Answer>, take: (answer: Answer) => void): Promise<boolean> {
    return (this.#latest = this.#ask(read, take));
  }

  async #ask<Answer>(
    read: (isNewest: () => boolean) => Promise<Answer>,
    take: (answer: Answer) => void,
  ): Promise<boolean> {
    const asked = ++this.#asked;
    const isNewest = (): boolean => asked === this.#asked;
    try {
      const answer = await read(isNewest);
      if (!isNewest()) return false;
      take(answer);
      return true;
    } catch (thrown) {
      if (isNewest()) throw thrown;
      return false;
    }
  }

  /**
   * Like `ask`, for callers that use what `take` writes: returns once the answer to this question or a newer one has
   * been taken, and throws if the newest one fails.
   */
  async askAndWait<Answer>(
    read: (isNewest: () => boolean) => Promise<Answer>,
    take: (answer: Answer) => void,
  ): Promise<void> {
    let asked = this.ask(read, take);
    while (!(await asked) && asked !== this.#latest) asked = this.#latest;
  }

  /** Drops the answer that is on its way, if any. */
  forget(): void {
    this.#asked += 1;
  }
}
