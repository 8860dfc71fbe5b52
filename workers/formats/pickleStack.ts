import { own, type Said } from '../../src/domain/errorWords';
import { modelError } from './modelError';
import { isPickledKind, type PickledKind, type PickledValue } from './pickledValues';

/** Limit on open marks, and thereby on nested containers. A state dict needs three levels. */
const maxMarks = 100;
/**
 * Limit on the values that one pickle builds. A tensor takes about 35 of them, so this is enough for 28,000 tensors.
 * Without it, 16 MB of opcodes would build as many objects and take gigabytes.
 */
const maxValues = 1_000_000;

/** The stack, marks and memo of one pickle. Every method throws `pickle-invalid` if the values it needs are missing. */
export class PickleStack {
  #items: PickledValue[] = [];
  readonly #marks: PickledValue[][] = [];
  readonly #memo = new Map<number, PickledValue>();
  #pushed = 0;

  constructor(private readonly file: string) {}

  /** Throws `pickle-unsupported` once there are too many values. */
  push(value: PickledValue): void {
    this.#pushed += 1;
    if (this.#pushed > maxValues)
      throw modelError(this.file, 'pickle-unsupported', { found: own('values-in-pickle', maxValues) });
    this.#items.push(value);
  }

  pop(): PickledValue {
    const value = this.#items.pop();
    if (value === undefined) throw this.#invalid(own('stack-empty'));
    return value;
  }

  popKind<K extends PickledKind>(kind: K): Extract<PickledValue, { kind: K }> {
    const value = this.pop();
    if (isPickledKind(value, kind)) return value;
    throw this.#invalid(own('kind-expected', kind));
  }

  /** Sets a mark. Throws `pickle-unsupported` if too many are open. */
  mark(): void {
    if (this.#marks.length === maxMarks)
      throw modelError(this.file, 'pickle-unsupported', { found: own('nested-containers', maxMarks) });
    this.#marks.push(this.#items);
    this.#items = [];
  }

  /** Removes the last mark and the values above it. Returns the values. */
  popMark(): PickledValue[] {
    const before = this.#marks.pop();
    if (!before) throw this.#invalid(own('mark-missing'));
    const items = this.#items;
    this.#items = before;
    return items;
  }

  /** Replaces the last `count` values with a tuple of them. */
  makeTuple(count: number): void {
    if (this.#items.length < count) throw this.#invalid(own('stack-empty'));
    this.push({ kind: 'tuple', items: this.#items.splice(this.#items.length - count) });
  }

  /** Stores the last value in the memo; it stays on the stack. */
  remember(index: number): void {
    const top = this.pop();
    this.#memo.set(index, top);
    this.push(top);
  }

  /** Pushes a value of the memo. */
  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#invalid(own('memo-empty', index));
    this.push(value);
  }

  #invalid(found: Said): Error {
    return modelError(this.file, 'pickle-invalid', { found });
  }
}
