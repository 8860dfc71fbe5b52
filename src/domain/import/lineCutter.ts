/** Splits a stream of text into lines that end in \n, \r\n or \r. */
export class LineCutter {
  /** Pieces of the unfinished line, joined when it ends. One growing string would be searched again for every piece. */
  #pieces: string[] = [];
  #line = 0;
  /** Whether the text so far ended in \r: a \n at the start of the next piece belongs to it. */
  #afterReturn = false;

  /** Calls `take` with each complete line and its number. */
  push(text: string, take: (line: string, number: number) => void): void {
    if (text === '') return;
    let from = this.#afterReturn && text.startsWith('\n') ? 1 : 0;
    this.#afterReturn = text.endsWith('\r');
    const lineEnd = /\r\n|\n|\r/g;
    lineEnd.lastIndex = from;
    for (let match = lineEnd.exec(text); match; match = lineEnd.exec(text)) {
      this.#pieces.push(text.slice(from, match.index));
      this.#finish(take);
      from = lineEnd.lastIndex;
    }
    if (from < text.length) this.#pieces.push(text.slice(from));
  }

  end(take: (line: string, number: number) => void): void {
    if (this.#pieces.length > 0) this.#finish(take);
  }

  #finish(take: (line: string, number: number) => void): void {
    const line = this.#pieces.join('');
    this.#pieces = [];
    take(line, ++this.#line);
  }
}
