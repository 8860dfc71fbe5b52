/** Reads the operands of a pickle. Every method throws RangeError if the bytes end too early. */
export class PickleBytes {
  readonly #view: DataView<ArrayBuffer>;
  #at = 0;

  constructor(bytes: ArrayBuffer) {
    this.#view = new DataView(bytes);
  }

  get position(): number {
    return this.#at;
  }

  uint8(): number {
    return this.#view.getUint8(this.#at++);
  }

  uint32(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  text(length: number): string {
    const bytes = new Uint8Array(this.#view.buffer, this.#at, length); // throws RangeError past the end
    this.#at += length;
    return new TextDecoder().decode(bytes);
  }

  line(): string {
    const begin = this.#at;
    while (this.uint8() !== 0x0a);
    return new TextDecoder().decode(new Uint8Array(this.#view.buffer, begin, this.#at - begin - 1));
  }

  long(): number | bigint {
    const length = this.uint8();
    let value = 0n;
    for (let i = 0; i < length; i++) value |= BigInt(this.uint8()) << BigInt(8 * i);
    const signed = BigInt.asIntN(8 * length, value);
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed;
  }

  /** Reads a float64, the only operand that is big-endian. */
  float64(): number {
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8);
  }
}
