import { cutAt } from './wellFormed';

/**
 * Nesting limit of JSON from outside. Genuine files stay below 16 levels. JSON.parse accepts any depth, but code that
 * parses literals, or prints, compares or copies the value, recurses, so deep nesting would overflow the stack.
 */
export const maxJsonDepth = 64;

/** Whether a parsed JSON value is nested deeper than `maxJsonDepth`. Goes level by level instead of recursing. */
export function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxJsonDepth) return true;
    const next: unknown[] = [];
    for (const outer of level) {
      if (typeof outer !== 'object' || outer === null) continue;
      for (const inner of Object.values(outer)) if (typeof inner === 'object' && inner !== null) next.push(inner);
    }
    level = next;
  }
  return false;
}

/** Thrown instead of a SyntaxError if a text is JSON, but nested too deep. */
export class JsonTooDeep extends Error {}

/** Parses JSON from outside. Throws SyntaxError, or JsonTooDeep above `maxJsonDepth` levels. */
export function parseForeignJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (isTooDeep(value)) throw new JsonTooDeep(`JSON nested more than ${maxJsonDepth} deep`);
  return value;
}

/** Maximum length of an excerpt, in UTF-16 code units. */
const excerptLength = 80;

/** Returns the start of a value's JSON, to quote it in a sentence, or null if the value is undefined. */
export function excerptOf(value: unknown): string | null {
  if (value === undefined) return null;
  const text = isTooDeep(value) ? (Array.isArray(value) ? '[…]' : '{…}') : JSON.stringify(value);
  return cutAt(text ?? typeof value, excerptLength);
}
