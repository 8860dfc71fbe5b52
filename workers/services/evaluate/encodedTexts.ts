import type { Vectors } from '../../engine/retrieval/vectors';

/** Rows per piece. One array for a million vectors may be too large to allocate. */
const rowsPerPiece = 65_536;

/**
 * Vectors of a list of texts, filled in as the texts are encoded. They are on the host, so they survive a device loss.
 */
export class EncodedTexts implements Vectors {
  readonly #pieces: Float32Array[] = [];
  readonly #encoded: Uint8Array;
  /** Number of texts encoded so far. */
  done = 0;

  constructor(
    readonly count: number,
    readonly width: number,
  ) {
    this.#encoded = new Uint8Array(count);
    for (let first = 0; first < count; first += rowsPerPiece)
      this.#pieces.push(new Float32Array(Math.min(rowsPerPiece, count - first) * width));
  }

  hasAll(texts: readonly number[]): boolean {
    return texts.every((text) => this.#encoded[text] === 1);
  }

  /** Stores the vectors of some texts; `rows` is [texts.length, E]. */
  set(texts: readonly number[], rows: Float32Array): void {
    texts.forEach((text, i) => {
      this.#piece(text).set(rows.subarray(i * this.width, (i + 1) * this.width), (text % rowsPerPiece) * this.width);
      this.done += 1 - (this.#encoded[text] ?? 1);
      this.#encoded[text] = 1;
    });
  }

  copyRow(text: number, into: Float32Array, at: number): void {
    const begin = (text % rowsPerPiece) * this.width;
    into.set(this.#piece(text).subarray(begin, begin + this.width), at);
  }

  copyRows(first: number, count: number, into: Float32Array, at: number): void {
    for (let done = 0; done < count;) {
      const begin = (first + done) % rowsPerPiece;
      const rows = Math.min(count - done, rowsPerPiece - begin);
      const from = this.#piece(first + done).subarray(begin * this.width, (begin + rows) * this.width);
      into.set(from, at + done * this.width);
      done += rows;
    }
  }

  #piece(text: number): Float32Array {
    const piece = this.#pieces[Math.floor(text / rowsPerPiece)];
    if (!piece) throw new RangeError(`text index ${text} is out of range: ${this.count} texts`);
    return piece;
  }
}
