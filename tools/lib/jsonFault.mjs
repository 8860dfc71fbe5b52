/** Group 1 is a bracket, comma or colon; group 2 is a string; group 3 is a number, true, false or null. */
const token =
  /([[\]{},:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|((?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null)(?![\w.]))/y;
const space = /[ \t\r\n]*/y;
const openings = ['[', '{', 'string', 'scalar'];

class Fault extends Error {}

/** Nesting limit of an experiment file, as in src/domain/foreignJson.ts. Code that prints a value recurses. */
export const maxDepth = 64;

/**
 * Whether a parsed JSON value is nested deeper than an experiment file may be.
 * @param {unknown} value
 */
export function isTooDeep(value) {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) return true;
    const inner = level.flatMap((outer) => Object.values(outer));
    level = inner.filter((one) => typeof one === 'object' && one !== null);
  }
  return false;
}

/**
 * Parses a text as JSON without keeping its values. `at` is the position reached: the end, or the first misplaced
 * token.
 */
class JsonWalk {
  at = 0;

  constructor(text) {
    this.text = text;
  }

  /** Consumes the next token and returns its kind. Throws Fault if the token is not one of `kinds`. */
  take(...kinds) {
    space.lastIndex = this.at;
    space.exec(this.text);
    this.at = space.lastIndex;
    token.lastIndex = this.at;
    const match = token.exec(this.text);
    const kind = match ? (match[1] ?? (match[2] === undefined ? 'scalar' : 'string')) : 'none';
    if (kind === 'none' && this.at === this.text.length && kinds.includes('end')) return 'end';
    if (!kinds.includes(kind)) throw new Fault();
    this.at = token.lastIndex;
    return kind;
  }

  value(depth, kind = this.take(...openings)) {
    if (depth > maxDepth) throw new Fault();
    if (kind === '[') this.members(']', openings, (first) => this.value(depth + 1, first));
    if (kind === '{')
      this.members('}', ['string'], () => {
        this.take(':');
        this.value(depth + 1);
      });
  }

  members(close, begins, rest) {
    let kind = this.take(close, ...begins);
    while (kind !== close) {
      rest(kind);
      if (this.take(close, ',') === close) return;
      kind = this.take(...begins);
    }
  }
}

/**
 * Returns the line (from 1) on which a text stops being JSON or gets too deep, or null if it is valid. JSON.parse
 * cannot be used, because its messages differ between Node versions and often name no position.
 * @param {string} text
 * @returns {number | null}
 */
export function jsonFaultLine(text) {
  const walk = new JsonWalk(text);
  try {
    walk.value(0);
    walk.take('end');
    return null;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    // If the text ends too early, report the line of its last token, not a blank line after it.
    const end = walk.at === text.length ? text.trimEnd().length : walk.at;
    return text.slice(0, end).split(/\r\n|\n|\r/).length;
  }
}
