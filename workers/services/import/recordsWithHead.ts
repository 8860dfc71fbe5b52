import type { RawRecord } from '../../../src/domain/import/recordReader';

/**
 * Yields the records of `lists`, regrouped so that the first list has at least `least` records, or all of them if there
 * are fewer.
 */
export async function* recordsWithHead(
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
