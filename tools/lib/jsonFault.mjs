/** A bracket, comma or colon; a string; a number or word. */
const token =
  /([[\]{},:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|((?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null)(?![\w.]))/y;
const space = /[ \t\r\n]*/y;
const openings = ['[', '{', 'string', 'scalar'];

class Fault extends Error {}

/** Walks through a text as through JSON; `at` is where it stands, at its end or at what does not belong there. */
class JsonWalk {
  at = 0;

  constructor(text) {
    this.text = text;
  }

  /** Takes the next token, which must be of one of the kinds. */
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

  value(kind = this.take(...openings)) {
    if (kind === '[') this.members(']', openings, (first) => this.value(first));
    if (kind === '{')
      this.members('}', ['string'], () => {
        this.take(':');
        this.value();
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
 * The line (from 1) on which a text stops being JSON, null where it is JSON. What JSON.parse says differs from one version of
 * Node to the next, and often names no place.
 * @param {string} text
 * @returns {number | null}
 */
export function jsonFaultLine(text) {
  const walk = new JsonWalk(text);
  try {
    walk.value();
    walk.take('end');
    return null;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    // What is missing at the end is missing behind the last thing that stands there.
    const end = walk.at === text.length ? text.trimEnd().length : walk.at;
    return text.slice(0, end).split(/\r\n|\n|\r/).length;
  }
}
