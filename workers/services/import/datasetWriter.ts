import { canonicalJson } from '../../../src/domain/canonicalJson';
import { sha256Hasher, sha256Hex, type Hasher } from '../../../src/domain/hash';
import {
  hasTitle,
  rowsPerBlock,
  type DataRole,
  type Dataset,
  type Row,
  type SourceFile,
} from '../../../src/domain/records';
import type { Database } from '../../../src/storage/database';
import { getDataset, hasBlocks, putDataset, writeDatasetBlock } from '../../../src/storage/datasets';
import { KeptColumns } from './keptColumns';

/** Returns the number of characters that a row adds to its data set's count. */
export function charactersOf(row: Row): number {
  if ('relevant' in row) return row.text.length;
  if ('text' in row) return row.text.length;
  return 'anchor' in row ? row.anchor.length + row.positive.length : row.sentence1.length + row.sentence2.length;
}

/**
 * Collects the rows of a data set and stores them under the hash of their canonical JSON, one line per row. Kept
 * columns have a separate hash, so that a file still has the hash from before columns were kept. The hash is known only
 * at the end, so rows wait in memory, and an interruption before the end leaves nothing behind. An interruption while
 * blocks are written leaves blocks that the next import of the same rows overwrites. The data set's record is written
 * last, so a listed data set is complete.
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
    private readonly keptColumns: KeptColumns,
  ) {}

  static async open(role: DataRole, name: string): Promise<DatasetWriter> {
    return new DatasetWriter(role, name, await sha256Hasher(), await KeptColumns.open());
  }

  get rows(): number {
    return this.#rows;
  }

  add(row: Row): void {
    const { kept, ...content } = row;
    const line = `${canonicalJson(content)}\n`;
    this.hasher.update(line);
    this.keptColumns.add(kept);
    if (this.#rows % rowsPerBlock === 0) this.#blocks.push({ rows: [], canonical: '' });
    const block = this.#blocks.at(-1);
    block?.rows.push(row);
    if (block) block.canonical += line;
    this.#rows += 1;
    this.#characters += charactersOf(row);
    if (this.role === 'knowledgeBase' && 'title' in row && hasTitle(row)) this.#titles += 1;
  }

  /**
   * Stores the added rows. Rows that are already stored are written again only if some are lost or their kept columns
   * differ. The data set takes the new name, kept columns and source files.
   */
  async finish(db: Database, sources: readonly SourceFile[] = []): Promise<Dataset> {
    const contentSha256 = this.hasher.hex();
    const known = await getDataset(db, contentSha256);
    const isKnown = known?.role === this.role;
    const kept = this.keptColumns.finish();
    const isComplete = isKnown && (await hasBlocks(db, known));
    if (!isComplete || known.kept?.sha256 !== kept?.sha256) await this.#writeBlocks(db, contentSha256);
    const dataset: Dataset = {
      contentSha256,
      role: this.role,
      name: this.name,
      rows: this.#rows,
      characters: this.#characters,
      ...(this.role === 'knowledgeBase' ? { titles: this.#titles } : {}),
      createdAt: isKnown ? known.createdAt : Date.now(),
      ...(kept ? { kept } : {}),
      ...(sources.length > 0 ? { sources: [...sources] } : {}),
    };
    await putDataset(db, dataset);
    return dataset;
  }

  async #writeBlocks(db: Database, contentSha256: string): Promise<void> {
    for (const [index, block] of this.#blocks.entries())
      await writeDatasetBlock(db, contentSha256, index, block.rows, await sha256Hex(block.canonical));
  }
}
