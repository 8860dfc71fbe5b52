import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { JudgedColumn } from '../../../src/domain/import/judgedColumn';
import type { DataRole } from '../../../src/domain/records';
import { openDatabase } from '../../../src/storage/database';
import { readRows } from '../../../src/storage/datasets';
import { importDataset } from '../../../workers/services/import/importDataset';

const idColumn = (role: DataRole, judged: readonly string[], ...records: object[]): string | null => {
  const column = new JudgedColumn(role, new Set(judged));
  for (const record of records) column.add(record);
  return column.find();
};

describe('the column of ids that judgements refer to', () => {
  it('is not a label of 0, 1 and 2, even if questions have these ids', () => {
    const rows = [0, 1, 2].map((label) => ({ text: `问 ${label}`, label }));
    expect(idColumn('questions', ['0', '1', '2'], ...rows)).toBeNull();
    expect(
      idColumn('questions', ['0', '1', '2'], ...rows.map((row) => ({ ...row, label: String(row.label) }))),
    ).toBeNull();
  });

  it('can be a label if its values are the ids', () => {
    const rows = ['d-17', 'd-18'].map((label) => ({ text: `段 ${label}`, label }));
    expect(idColumn('knowledgeBase', ['d-17', 'd-18', 'd-19'], ...rows)).toBe('label');
  });

  it('is a column named id, even with the values 0, 1 and 2; of several, the one with the judged ids', () => {
    const rows = [0, 1, 2].map((id) => ({ text: `问 ${id}`, id, label: 1 }));
    expect(idColumn('questions', ['0', '1', '2'], ...rows)).toBe('id');
    const numbered = ['q7', 'q8'].map((qid, index) => ({ id: index + 1, qid, text: '问' }));
    expect(idColumn('questions', ['q7', 'q8'], ...numbered)).toBe('qid');
  });

  it('is not a column that shares only a few values with the ids by chance', () => {
    const rows = [
      { text: '甲', page: 12 },
      { text: '乙', page: 13 },
    ];
    expect(idColumn('knowledgeBase', ['12', 'a', 'b', 'c'], ...rows)).toBeNull();
  });

  it('gives the rows their ids, so that the judgements reach them', async () => {
    const jsonl = (name: string, ...rows: object[]): File =>
      new File([rows.map((row) => JSON.stringify(row)).join('\n')], name);
    const queries = jsonl('q.jsonl', { id: 1, label: 'q7', text: '问' }, { id: 2, label: 'q8', text: '二' });
    const qrels = jsonl('qrels.jsonl', { qid: 'q7', docid: 'x', score: 1 }, { qid: 'q8', docid: 'y', score: 1 });
    const db = await openDatabase('judged-column');
    const { dataset, rejectedCount } = await importDataset(db, [queries, qrels], 'questions', () => undefined);
    expect(await readRows(db, 'questions', dataset.contentSha256)).toEqual([
      { id: 'q7', text: '问', relevant: ['x'] },
      { id: 'q8', text: '二', relevant: ['y'] },
    ]);
    expect(rejectedCount).toBe(0);
    const grades = jsonl('g.jsonl', { text: '问', label: 0 }, { text: '二', label: 1 });
    const numbers = jsonl('n.jsonl', { qid: '0', docid: 'x', score: 1 }, { qid: '1', docid: 'y', score: 1 });
    const refused = importDataset(db, [grades, numbers], 'questions', () => undefined);
    await expect(refused).rejects.toMatchObject({ details: { kind: 'import-failed' } });
  });

  it('does not turn passages into questions if they say which question they answer', async () => {
    const jsonl = (name: string, ...rows: object[]): File =>
      new File([rows.map((row) => JSON.stringify(row)).join('\n')], name);
    const passages = jsonl('a.jsonl', { pid: 'x', text: '段', of: 'q7' }, { pid: 'y', text: '落', of: 'q8' });
    const queries = jsonl('b.jsonl', { label: 'q7', text: '问' }, { label: 'q8', text: '二' });
    const qrels = jsonl('c.jsonl', { qid: 'q7', docid: 'x', score: 1 }, { qid: 'q8', docid: 'y', score: 1 });
    const db = await openDatabase('judged-sides');
    for (const [role, ids] of [
      ['knowledgeBase', ['x', 'y']],
      ['questions', ['q7', 'q8']],
    ] as const) {
      const report = await importDataset(db, [passages, queries, qrels], role, () => undefined);
      const rows = await readRows(db, role, report.dataset.contentSha256);
      expect(rows.map(({ id }) => id)).toEqual(ids);
      expect(report.rejected).toContainEqual({
        file: role === 'questions' ? 'a.jsonl' : 'b.jsonl',
        fault: 'file-unused',
      });
    }
  });
});
