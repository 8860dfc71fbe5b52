import { isWithoutRows } from '../domain/lostContent';
import { rowsPerBlock, type Row } from '../domain/records';
import { gateway } from './gateway';

/** Yields the rows of a data set, one block at a time. Skips blocks that are lost, and calls `onLost` for each. */
export async function* storedRows(
  contentSha256: string,
  onLost: () => void = () => undefined,
): AsyncGenerator<readonly Row[]> {
  for (let offset = 0; ; offset += rowsPerBlock) {
    let rows: readonly Row[];
    try {
      rows = await gateway.readRows(contentSha256, offset, rowsPerBlock);
    } catch (thrown) {
      if (!isWithoutRows(thrown)) throw thrown;
      onLost();
      continue;
    }
    yield rows;
    if (rows.length < rowsPerBlock) return;
  }
}
