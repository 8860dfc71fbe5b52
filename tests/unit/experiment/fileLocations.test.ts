import { describe, expect, it } from 'vitest';
import { experimentHash } from '../../../src/domain/experimentHash';
import { AppError } from '../../../src/domain/errors';
import { parseExperimentFile } from '../../../src/domain/experimentFile';
import { locationsOf } from '../../../src/domain/fileLocations';
import type { Dataset, SourceFile } from '../../../src/domain/records';
import { errorSentences } from '../../../src/ui/i18n/errors';

const pairsOf = (pairs: unknown) => parseExperimentFile({ locations: { pairs } }).locations.pairs;
function refusal(pairs: unknown): { path: string; zh: string; en: string } {
  try {
    pairsOf(pairs);
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.details.kind === 'experiment-invalid')
      return { path: thrown.details.path, ...errorSentences(thrown.details, 'e.json') };
  }
  throw new Error('not refused');
}

describe('the location of data in an experiment file', () => {
  const columns = { anchor: ['问', '问题'], positive: '答', topic: '分类' };

  it('is a path, an object that says how to read the file, or a list of these', () => {
    expect(pairsOf('a.csv')).toEqual([{ path: 'a.csv' }]);
    expect(pairsOf(['a.csv', { path: 'b/工单.xlsx', sheet: '工单', columns }])).toEqual([
      { path: 'a.csv' },
      {
        path: 'b/工单.xlsx',
        sheet: '工单',
        mapping: [
          { column: '问', field: 'anchor' },
          { column: '问题', field: 'anchor' },
          { column: '答', field: 'positive' },
          { column: '分类', field: 'topic' },
        ],
      },
    ]);
    const reading = { path: 'a.csv', encoding: 'gb18030', delimiter: ';' };
    expect(pairsOf(reading)).toEqual([reading]);
  });

  it('does not change the hash of the experiment', async () => {
    const hashOf = (locations: object) => experimentHash(parseExperimentFile({ locations }).experiment);
    expect(await hashOf({ pairs: { path: 'a.csv', columns } })).toBe(await hashOf({ pairs: 'a.csv' }));
  });

  it.each([
    [7, 'locations.pairs', 'e.json 的 locations.pairs 处是 7，应为文字或对象或列表，请改正后再试。'],
    [{}, 'locations.pairs.path', 'e.json 的 locations.pairs.path 处是空的，请改正后再试。'],
    [
      { path: 'a', encoding: 'utf-7' },
      'locations.pairs.encoding',
      'e.json 的 locations.pairs.encoding 处是 "utf-7"，应为 "utf-8" 或 "gb18030" 或 "big5" 或 "utf-16le" 或 "utf-16be" 或 "shift_jis" 或 "euc-jp" 或 "euc-kr" 或 "windows-1252"，请改正后再试。',
    ],
    [
      { path: 'a', columns: { anchor: '问' } },
      'locations.pairs.columns',
      'e.json 的 locations.pairs.columns 处是 {"anchor":"问"}，应为写明 positive / positiveId 的列，请改正后再试。',
    ],
    [
      { path: 'a', columns: { text: '文' } },
      'locations.pairs.columns.text',
      'e.json 里有无法识别的字段 locations.pairs.columns.text，请去掉它，或改正后再试。',
    ],
    [[], 'locations.pairs', 'e.json 的 locations.pairs 处是 []，应为 1 到 64 项的列表，请改正后再试。'],
    [
      ['a/x.csv', { path: 'b/x.csv' }],
      'locations.pairs',
      'e.json 的 locations.pairs 处是 "x.csv"，应为名称不同的文件，请改正后再试。',
    ],
    [
      ['a', { path: 'b', sheet: 1 }],
      'locations.pairs.1.sheet',
      'e.json 的 locations.pairs.1.sheet 处是 1，应为文字，请改正后再试。',
    ],
  ])('is refused with the path of the wrong field: %j', (pairs, path, zh) => {
    expect(refusal(pairs)).toMatchObject({ path, zh });
  });

  it('is written for the files that the page imported, and has them read in the same way again', () => {
    const dataset = (...sources: SourceFile[]): Dataset => {
      const facts = { contentSha256: '', name: '', rows: 1, characters: 1, createdAt: 1 };
      return { ...facts, role: 'pairs', sources };
    };
    const chosen = { path: '工单.xlsx', columns: { anchor: '问', positive: '答' }, sheet: '工单' };
    const locations = locationsOf({
      pairs: dataset(chosen),
      testQuestions: dataset({ path: 'q.jsonl' }, { path: 'r.tsv' }),
    });
    expect(locations).toEqual({ pairs: chosen, testQuestions: ['q.jsonl', 'r.tsv'] });
    expect(parseExperimentFile({ locations }).locations).toMatchObject({
      pairs: [{ path: '工单.xlsx', sheet: '工单', mapping: [{ column: '问' }, { column: '答' }] }],
      testQuestions: [{ path: 'q.jsonl' }, { path: 'r.tsv' }],
    });
    const { sources: _, ...old } = dataset();
    expect(locationsOf({ pairs: old })).toEqual({});
  });
});
