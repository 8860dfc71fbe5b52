import { maxJsonDepth } from '../foreignJson';
import { wellFormed } from '../wellFormed';

/** C0 control characters other than tab and line breaks. Files cut from databases and PDFs contain them. */
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g;

/** A record whose strings can be stored, or the reason why it cannot be used. */
type Cleaned =
  | { value: unknown; replaced: boolean }
  /** Nested deeper than any real record; code that recurses over it would overflow the stack. */
  | { fault: 'too-deep' };

class TooDeep extends Error {}

/**
 * Replaces characters that cannot be stored or shown, in all strings of a record, property names included. Control
 * characters become spaces. Lone surrogates become U+FFFD.
 */
export function cleaned(value: unknown): Cleaned {
  let replaced = false;
  const text = (from: string): string => {
    const to = wellFormed(from.replace(controls, ' '));
    if (to !== from) replaced = true;
    return to;
  };
  const walk = (inner: unknown, depth: number): unknown => {
    if (depth > maxJsonDepth) throw new TooDeep();
    if (typeof inner === 'string') return text(inner);
    if (Array.isArray(inner)) return inner.map((item: unknown) => walk(item, depth + 1));
    if (typeof inner !== 'object' || inner === null) return inner;
    // Object.fromEntries defines own properties, so a key named __proto__ is harmless.
    return Object.fromEntries(Object.entries(inner).map(([name, item]) => [text(name), walk(item, depth + 1)]));
  };
  try {
    return { value: walk(value, 0), replaced };
  } catch (thrown) {
    if (!(thrown instanceof TooDeep)) throw thrown;
    return { fault: 'too-deep' };
  }
}
