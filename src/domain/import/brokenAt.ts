import type { ImportFault } from '../errors';
import { cutAt } from '../wellFormed';
import type { RecordFault } from './recordReader';

/** Number of characters quoted from the place of a fault. */
const quotedLength = 30;

/** Returns the fault with the text from its place to the end of the line, if there is any. */
export function brokenAt(text: string, at: number, fault: ImportFault): RecordFault {
  const [rest = ''] = text.slice(at, at + 2 * quotedLength).split(/[\r\n]/, 1);
  const field = cutAt(rest.trim(), quotedLength);
  return field === '' ? { fault } : { fault, field };
}
