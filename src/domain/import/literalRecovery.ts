import { maxJsonDepth } from '../foreignJson';

const closers: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' };
/** Characters that may follow a string. After any other, a quote is missing before it. */
const followsString = /[ \t]*(?:$|[,:}\])"'{[(#\r\n]|[-+.\d]|(?:true|false|null|True|False|None|NaN)\b)/y;
/** Failed searches for the end of a row may read at most this many characters per character of the text. */
const failedShare = 4;

const isBlank = (character: string | undefined): boolean => character === ' ' || character === '\t';

/** Finds the places in a text by line and column. */
export class Lines {
  readonly #ends: number[] = [];

  constructor(text: string) {
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) this.#ends.push(end);
  }

  /** Returns the line of an offset, counted from 1. */
  lineOf(at: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ends[middle] ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  }

  /** Returns the number of characters before an offset on its line. */
  columnOf(at: number): number {
    const line = this.lineOf(at);
    return line === 1 ? at : at - (this.#ends[line - 2] ?? 0) - 1;
  }
}

/**
 * Finds where reading resumes after a broken row. All searches together take time in proportion to the text: a search
 * that succeeds is not repeated, and those that fail share a budget.
 */
export class RowFinder {
  #budget: number;
  /** No row that starts at this column or further left is followed by another row that begins a line. */
  #lastColumn = -1;

  constructor(
    private readonly text: string,
    private readonly lines: Lines,
  ) {
    this.#budget = failedShare * text.length;
  }

  /**
   * Whether the budget for failed searches is used up. From then on, no row is read beyond the start of the next one.
   */
  get isExhausted(): boolean {
    return this.#budget <= 0;
  }

  /**
   * Returns the offset after the broken row at `begin`, or that of the next row if the row's end is unclear. `fault` is
   * the offset of the fault.
   */
  afterRow(begin: number, fault: number, onlyAtLineStart: boolean): number {
    const next = this.#endOf(begin) ?? this.nextRow(begin, onlyAtLineStart) ?? this.text.length;
    this.#budget -= Math.max(0, fault - next);
    return next;
  }

  /** Returns the offset after a broken text or number of a list. */
  afterItem(from: number): number {
    return this.#find(/[,\]}\r\n]/g, from);
  }

  /** Returns the offset of the next opening bracket. */
  nextBracket(from: number): number {
    return this.#find(/[{[]/g, from);
  }

  #find(pattern: RegExp, from: number): number {
    pattern.lastIndex = from;
    return pattern.exec(this.text)?.index ?? this.text.length;
  }

  /** Whether only spaces and tabs are before `at` on its line. */
  startsLine(at: number): boolean {
    const before = this.#beforeBlanks(at);
    return before < 0 || this.text[before] === '\n' || this.text[before] === '\r';
  }

  /**
   * Returns the offset of the row that follows the one beginning at `begin`, or null. Rows begin on a line of their
   * own, no further right than that one, or after the end of a row of the same kind.
   */
  nextRow(begin: number, onlyAtLineStart: boolean): number | null {
    const { text } = this;
    const column = this.lines.columnOf(begin);
    const kind = text[begin] ?? '';
    if (onlyAtLineStart && column <= this.#lastColumn) return null;
    const opening = kind === '(' ? /[{[(]/g : /[{[]/g;
    opening.lastIndex = begin + 1;
    for (let found = opening.exec(text); found !== null; found = opening.exec(text)) {
      let before = this.#beforeBlanks(found.index);
      if (before < 0 || text[before] === '\n' || text[before] === '\r') {
        if (found.index - before - 1 <= column) return found.index;
        continue;
      }
      if (text[before] === ',') before = this.#beforeBlanks(before);
      if (!onlyAtLineStart && found[0] === kind && text[before] === closers[kind]) return found.index;
    }
    this.#lastColumn = Math.max(this.#lastColumn, column);
    return null;
  }

  /** Returns the offset of the last character before `at` that is neither a space nor a tab, or -1. */
  #beforeBlanks(at: number): number {
    let before = at - 1;
    while (isBlank(this.text[before])) before -= 1;
    return before;
  }

  /**
   * Returns the offset after the bracket that closes the one at `begin`, or the offset of a row that begins where the
   * object at `begin` needs a name. Returns the end of the text if it ends inside an object, and null if brackets or
   * quotes do not match.
   */
  #endOf(begin: number): number | null {
    const { text } = this;
    const open: string[] = [];
    const mark = /["'{}[\](),:]/g;
    mark.lastIndex = begin;
    let [earlier, last] = ['', ''];
    const limit = begin + this.#budget;
    for (let found = mark.exec(text); found !== null; found = mark.exec(text)) {
      const [part] = found;
      if (found.index >= limit) return this.#failed(begin, found.index);
      const closer = closers[part];
      if (closer !== undefined) {
        if (open.at(-1) === '}' && !this.#opensValue(found.index, earlier, last))
          return part === text[begin] && earlier !== '' ? found.index : this.#failed(begin, found.index);
        open.push(closer);
      } else if (part === '"' || part === "'") {
        const end = this.#stringEnd(found.index);
        if (end === 'cut' && text[begin] === '{' && open.length > 1) break;
        if (typeof end !== 'number') return this.#failed(begin, end === 'cut' ? text.length : found.index);
        mark.lastIndex = end;
      } else if (part !== ',' && part !== ':' && open.pop() !== part) return this.#failed(begin, found.index);
      if (open.length === 0) return mark.lastIndex;
      if (open.length > maxJsonDepth) return this.#failed(begin, found.index);
      [earlier, last] = [last, part];
    }
    return text[begin] === '{' ? text.length : this.#failed(begin, text.length);
  }

  #failed(begin: number, at: number): null {
    this.#budget -= at - begin;
    return null;
  }

  /** Whether a bracket in an object opens a value: it follows a colon or, if that is missing, a name. */
  #opensValue(at: number, earlier: string, last: string): boolean {
    let before = at - 1;
    while (before >= 0 && /\s/.test(this.text[before] ?? '')) before -= 1;
    const character = this.text[before];
    return character === ':' || ((character === '"' || character === "'") && last === character && earlier !== ':');
  }

  /**
   * Returns the offset after the string at `at`, or `cut` if the text ends inside it. Returns null if the line ends
   * inside it, or if what follows the string shows that a quote is missing.
   */
  #stringEnd(at: number): number | 'cut' | null {
    const { text } = this;
    const quote = text[at] ?? '';
    const closing = text.startsWith(quote.repeat(3), at) ? quote.repeat(3) : quote;
    const special = closing.length === 3 ? /["'\\]/g : /["'\\\r\n]/g;
    special.lastIndex = at + closing.length;
    for (let found = special.exec(text); found !== null; found = special.exec(text)) {
      const [part] = found;
      if (part === '\\') special.lastIndex += 1;
      else if (part === '\n' || part === '\r') return null;
      else if (text.startsWith(closing, found.index)) {
        followsString.lastIndex = found.index + closing.length;
        return followsString.test(text) ? found.index + closing.length : null;
      }
    }
    return 'cut';
  }
}
