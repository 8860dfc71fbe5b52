import { AppError } from '../../../src/domain/errors';
import { hasTitle, type Dataset } from '../../../src/domain/records';
import type { Database } from '../../../src/storage/database';
import { getDataset, putDataset, readRows } from '../../../src/storage/datasets';

/**
 * Counts the titles of a knowledge base that an earlier version stored without counting them, and stores the number.
 */
export async function countTitles(db: Database, contentSha256: string): Promise<Dataset> {
  const dataset = await getDataset(db, contentSha256);
  if (!dataset) throw new AppError({ kind: 'data-missing', role: 'knowledgeBase', contentSha256 });
  if (dataset.titles !== undefined) return dataset;
  const titles = (await readRows(db, 'knowledgeBase', contentSha256)).filter((passage) => hasTitle(passage)).length;
  await putDataset(db, { ...dataset, titles });
  return { ...dataset, titles };
}
