import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { ColumnValues } from '../../../src/domain/import/columnValues';
import type { DataRole } from '../../../src/domain/records';
import { openDatabase } from '../../../src/storage/database';
import { importDataset } from '../../../workers/services/import/importDataset';
import { storedPassages } from '../../../workers/services/import/storedPassages';

let databases = 0;
const ignore = (): void => undefined;

/** Imports a file beside a knowledge base with the ids 1 to 300. */
async function imported(role: DataRole, text: string) {
  const db = await openDatabase(`number-columns-${databases++}`);
  const rows = Array.from({ length: 300 }, (_, at) =>
    JSON.stringify({ id: String(at + 1), text: `第 ${at + 1} 段。` }),
  );
  const base = await importDataset(db, [new File([rows.join('\n')], 'kb.jsonl')], 'knowledgeBase', ignore);
  const passages = await storedPassages(db, base.dataset.contentSha256);
  return importDataset(db, [new File([text], 'rows.csv')], role, ignore, { passages });
}

describe('a column of numbers beside a knowledge base with numbers as ids', () => {
  const ages = '问题,处理意见,日龄\n断奶后拉稀怎么办,先停料再补液,28\n咳嗽怎么办,通风,60\n';
  const heads = '问题,处理意见,头数\n问一,甲,28\n问二,乙,60\n问三,丙,1200\n问四,丁,900\n';

  it.each([ages, heads])('is not taken for the passages of pairs or questions', async (text) => {
    await expect(imported('pairs', text)).rejects.toMatchObject({ details: { kind: 'import-failed' } });
    await expect(imported('questions', text)).rejects.toMatchObject({ details: { kind: 'import-failed' } });
  });

  it('is taken if its name suggests ids', async () => {
    const { recognised } = await imported('pairs', '问题,依据编号\n咳嗽怎么办,28\n不吃料怎么办,60\n');
    expect(recognised[0]?.mapping).toContainEqual({ column: '依据编号', field: 'positiveId' });
  });
});

describe('the column of ids among the values', () => {
  const columnOf = (name: string, values: readonly string[], ids: readonly string[]) => {
    const columns = new ColumnValues();
    for (const value of values) columns.add([[name, value]]);
    return columns.columnOfIds(new Set(ids));
  };

  it('needs a name that suggests ids, and only ids as values, if the ids are plain numbers', () => {
    const ids = ['28', '60', '110'];
    for (const name of ['goldId', 'gold_ids', 'ref', '依据段落', '文号', '答案出处'])
      expect(columnOf(name, ['28', '60'], ids)).toBe(name);
    for (const name of ['日龄', 'width', 'video', 'days']) expect(columnOf(name, ['28', '60'], ids)).toBeNull();
    expect(columnOf('goldId', ['28', '1200'], ids)).toBeNull();
  });

  it('is decided by half of the values if the ids have letters', () => {
    expect(columnOf('依据', ['a7', 'zz'], ['a7', 'b8'])).toBe('依据');
    expect(columnOf('依据', ['a7', 'yy', 'zz'], ['a7', 'b8'])).toBeNull();
  });
});
