import { canonicalJson } from '../../../src/domain/canonicalJson';
import { sha256Hasher, sha256Hex, type Hasher } from '../../../src/domain/hash';
import { hasTitle, rowsPerBlock, type DataRole, type Dataset, type Row } from '../../../src/domain/records';
import type { Database } from '../../../src/storage/database';
import { getDataset, putDataset, writeDatasetBlock } from '../../../src/storage/datasets';

/** Returns how many characters a row adds to its data set's count. */
export function charactersOf(row: Row): number {
  if ('relevant' in row) return row.text.length;
  if ('text' in row) return row.text.length;
  return 'anchor' in row ? row.anchor.length + row.positive.length : row.sentence1.length + row.sentence2.length;
}

/**
 * Collects the rows of a data set and stores them under the hash of their canonical JSON, one line per row. The hash is
 * known only at the end, so rows wait in memory, and an interruption before the end leaves nothing. An interruption
 * while blocks are written leaves blocks that the next import of the same rows overwrites. The data set's record is
 * written last, so a listed data set is complete.
 */
export class DatasetWriter {
  readonly #blocks: { rows: Row[]; canonical: string }[] = [];
  #rows = 0;
  #characters = 0;
  #titles = 0;

  private constructor(
    private readonly role: DataRole,
    private readonly name: string,
    private readonly hasher: Hasher,
  ) {}

  static async open(role: DataRole, name: string): Promise<DatasetWriter> {
    return new DatasetWriter(role, name, await sha256Hasher());
  }

  get rows(): number {
    return this.#rows;
  }

  add(row: Row): void {
    const line = `${canonicalJson(row)}\n`;
    this.hasher.update(line);
    if (this.#rows % rowsPerBlock === 0) this.#blocks.push({ rows: [], canonical: '' });
    const block = this.#blocks.at(-1);
    block?.rows.push(row);
    if (block) block.canonical += line;
    this.#rows += 1;
    this.#characters += charactersOf(row);
    if (this.role === 'knowledgeBase' && 'title' in row && hasTitle(row)) this.#titles += 1;
  }

  /** Stores the rows added. Rows already stored are not written again, but the data set takes the new name. */
  async finish(db: Database): Promise<Dataset> {
    const contentSha256 = this.hasher.hex();
    const known = await getDataset(db, contentSha256);
    const titles = this.role === 'knowledgeBase' ? { titles: this.#titles } : {};
    if (known?.role === this.role) {
      const renamed = { ...known, name: this.name, ...titles };
      if (known.name !== this.name || known.titles !== renamed.titles) await putDataset(db, renamed);
      return renamed;
    }
    for (const [index, block] of this.#blocks.entries())
      await writeDatasetBlock(db, contentSha256, index, block.rows, await sha256Hex(block.canonical));
    const { role, name } = this;
    const dataset: Dataset = {
      contentSha256,
      role,
      name,
      rows: this.#rows,
      characters: this.#characters,
      ...titles,
      createdAt: Date.now(),
    };
    await putDataset(db, dataset);
    return dataset;
  }
}
