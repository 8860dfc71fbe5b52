import { AppError } from '../../../src/domain/errors';
import type { DataRole, Dataset } from '../../../src/domain/records';
import { resolveRelevant } from '../../../src/domain/split/relevant';
import type { RejectedRows } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import { getDataset, readRows } from '../../../src/storage/datasets';
import { DatasetWriter } from './datasetWriter';
import { rejectionExcerpt, Rejections } from './rejections';
import { storedPassages } from './storedPassages';

async function datasetOf(db: Database, role: DataRole, contentSha256: string): Promise<Dataset> {
  const dataset = await getDataset(db, contentSha256);
  if (!dataset) throw new AppError({ kind: 'data-missing', role, contentSha256 });
  return dataset;
}

/**
 * Stores the questions without their references to passages that are not in the knowledge base. Returns the same data
 * set if nothing changes, and null if no question is left. Unknown references are reported by question number (from 1),
 * because line numbers are not stored.
 */
export async function checkQuestions(
  db: Database,
  questions: string,
  knowledgeBase: string,
): Promise<RejectedRows & { kept: Dataset | null }> {
  const dataset = await datasetOf(db, 'questions', questions);
  const rows = await readRows(db, 'questions', questions);
  const { kept, unknown } = resolveRelevant(rows, await storedPassages(db, knowledgeBase));
  const rejections = new Rejections();
  let dropped = -1;
  for (const one of unknown) {
    const place = { file: dataset.name, question: one.index + 1 };
    if (!one.dropped) rejections.ignore(place, one.reference);
    else if (one.index !== dropped)
      rejections.add({ ...place, fault: 'unknown-passage', field: rejectionExcerpt(one.reference) });
    if (one.dropped) dropped = one.index;
  }
  if (kept.length === 0) return { kept: null, ...rejections.rejectedRows };
  const writer = await DatasetWriter.open('questions', dataset.name);
  const known = new Map(kept.map((question) => [question.id, question]));
  for (const row of rows) {
    const question = row.relevant.length === 0 ? row : known.get(row.id);
    if (question) writer.add(question);
  }
  return { kept: await writer.finish(db, dataset.sources), ...rejections.rejectedRows };
}
