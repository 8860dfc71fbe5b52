/**
 * Keeps a late answer from replacing a newer one. Use an object of this class for every question that can be asked
 * again before it is answered.
 */
export class Newest {
  #asked = 0;

  /**
   * Asks, and passes the answer to `take` unless a newer question has been asked since; a failure is then dropped too.
   * Returns whether the answer was taken.
   */
  async ask<Answer>(read: () => Promise<Answer>, take: (answer: Answer) => void): Promise<boolean> {
    const asked = ++this.#asked;
    try {
      const answer = await read();
      if (asked !== this.#asked) return false;
      take(answer);
      return true;
    } catch (thrown) {
      if (asked === this.#asked) throw thrown;
      return false;
    }
  }

  /** Drops the answer that is on its way, if any. */
  forget(): void {
    this.#asked += 1;
  }
}
