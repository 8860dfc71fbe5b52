import type { RawRecord } from '../../../src/domain/import/recordReader';

/** Yields the same records with at least `least` in the first list, or all of them if there are fewer. */
export async function* withHead(
  lists: AsyncIterable<RawRecord[]> | Iterable<RawRecord[]>,
  least: number,
): AsyncGenerator<RawRecord[]> {
  let head: RawRecord[] | null = [];
  for await (const records of lists) {
    if (!head) {
      yield records;
      continue;
    }
    head = head.concat(records);
    if (head.length < least) continue;
    yield head;
    head = null;
  }
  if (head && head.length > 0) yield head;
}
