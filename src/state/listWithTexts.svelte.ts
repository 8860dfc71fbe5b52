/** A changing list together with its entries' texts, which are read anew for each version of the list. */
export class ListWithTexts<List, Texts> {
  /** The newest version whose texts have arrived. */
  shown = $state.raw<{ list: List; texts: Texts } | null>(null);
  #asked = 0;

  /** Shows a version once its texts are read, unless a later call came first. */
  async show(list: List, read: () => Promise<Texts>): Promise<void> {
    const asked = ++this.#asked;
    const texts = await read();
    if (asked === this.#asked) this.shown = { list, texts };
  }

  /** Shows nothing until the next call of `show`. */
  clear(): void {
    this.#asked += 1;
    this.shown = null;
  }
}
