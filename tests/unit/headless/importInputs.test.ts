import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import { parseExperimentFile } from '../../../src/domain/experimentFile';
import { locationsOf } from '../../../src/domain/fileLocations';
import type { DataApi } from '../../../src/protocol/dataApi';
import { openDatabase } from '../../../src/storage/database';
import { readRows } from '../../../src/storage/datasets';
import { importDataset } from '../../../workers/services/import/importDataset';
import { recogniseFiles } from '../../../workers/services/import/recogniseFiles';
import { storedPassages } from '../../../workers/services/import/storedPassages';
import { encoded } from '../import/encoded';
import { workbook } from '../import/workbook';

const data: Pick<DataApi, 'importDataset'> = {
  importDataset: async (files, role, progress, { knowledgeBase, ...choices } = {}) => {
    const db = await openDatabase('headless-inputs');
    const named = knowledgeBase === undefined ? {} : { passages: await storedPassages(db, knowledgeBase) };
    return importDataset(db, files, role, progress, { ...named, ...choices });
  },
};
vi.mock('../../../src/state/gateway', () => ({
  gateway: { data: () => Promise.resolve(data), getModel: () => Promise.resolve(undefined) },
}));
const { InputReader } = await import('../../../src/headless/importInputs');

it('a headless run reads a workbook as its knowledge base and says which sheet was read', async () => {
  const sheets = [
    { name: '猪病', rows: [['内容'], ['甲段']] },
    { name: '饲料', rows: [['内容'], ['乙段']] },
  ];
  const file = new File([workbook(...sheets)], '资料.xlsx');
  const routes = {
    files: (_job: unknown, slot: string) => Promise.resolve(slot === 'knowledgeBase' ? [{ file }] : []),
  };
  const experiment = { data: [], stages: [] };
  const quiet = (): void => undefined;
  const reports = { import: quiet, download: quiet, note: quiet };
  const reader = new InputReader(routes as never, {} as never, { experiment, locations: {} } as never, reports);
  expect(await reader.data()).toMatchObject([{ role: 'knowledgeBase' }]);
  expect(reader.recognised.knowledgeBase).toMatchObject([{ sheet: '猪病', sheets: ['猪病', '饲料'], records: 1 }]);
});

it('a headless run reads a file in the same way as the page that wrote the experiment file', async () => {
  const text = encoded('gb18030', '养殖户说,兽医处理,分类\n猪咳嗽,通风,病\n');
  const file = new File([text], '工单.csv');
  const db = await openDatabase('replay');
  const quiet = (): void => undefined;
  const [found] = await recogniseFiles([file], 'pairs', {});
  const mapping = [
    { column: '养殖户说', field: 'anchor' },
    { column: '兽医处理', field: 'positive' },
    { column: '分类', field: 'topic' },
  ] as const;
  const page = await importDataset(db, [file], 'pairs', quiet, {
    files: { '工单.csv': { encoding: 'gb18030' } },
    mappings: { [found?.shape ?? '']: mapping },
  });
  const locations = locationsOf({ pairs: page.dataset });
  const parsed = parseExperimentFile({ locations });
  const routes = { files: (_job: unknown, slot: string) => Promise.resolve(slot === 'pairs' ? [{ file }] : []) };
  const reader = new InputReader(routes as never, {} as never, parsed, { import: quiet, download: quiet, note: quiet });
  expect(await reader.data()).toEqual([{ role: 'pairs', contentSha256: page.dataset.contentSha256 }]);
  expect(reader.recognised.pairs).toMatchObject([{ chosen: true, encoding: 'gb18030', mapping }]);

  const wrong = parseExperimentFile({
    locations: { pairs: { path: '工单.csv', columns: { anchor: '养殖户问', positive: '兽医处理' } } },
  });
  const failing = new InputReader(routes as never, {} as never, wrong, { import: quiet, download: quiet, note: quiet });
  await expect(failing.data()).rejects.toMatchObject({ details: { fault: 'column-missing', field: '养殖户问' } });
});

describe('files that serve several slots', () => {
  const head = 'query-id\tcorpus-id\tscore\n';
  const named: Record<string, File> = {
    'qa.json': new File(
      [JSON.stringify({ queries: { q: '问' }, corpus: { n: '段' }, relevant_docs: { q: ['n'] } })],
      'qa.json',
    ),
    'corpus.jsonl': new File(['{"_id":"1","title":"题","text":"段"}\n{"_id":"2","text":"又"}'], 'corpus.jsonl'),
    'queries.jsonl': new File(['{"_id":"1","text":"问"}\n{"_id":"2","text":"再问"}'], 'queries.jsonl'),
    'test.tsv': new File([head, '1\t1\t1\n'], 'test.tsv'),
    'train.tsv': new File([head, '2\t2\t1\n'], 'train.tsv'),
  };

  async function rowsFrom(locations: Record<string, string | string[]>): Promise<Record<string, unknown[]>> {
    const file = parseExperimentFile({ locations });
    const files = (_job: unknown, slot: string) =>
      Promise.resolve([locations[slot] ?? []].flat().flatMap((name) => (named[name] ? [{ file: named[name] }] : [])));
    const quiet = (): void => undefined;
    const reports = { import: quiet, download: quiet, note: quiet };
    const entries = await new InputReader({ files } as never, {} as never, file, reports).data();
    const db = await openDatabase('headless-inputs');
    const found: Record<string, unknown[]> = {};
    for (const { role, contentSha256 } of entries) found[role] = await readRows(db, role, contentSha256);
    return found;
  }

  it('fill them if one file is named in several locations', async () => {
    const rows = await rowsFrom({ knowledgeBase: 'qa.json', pairs: 'qa.json', testQuestions: 'qa.json' });
    expect(rows).toEqual({
      knowledgeBase: [{ id: 'n', text: '段' }],
      pairs: [{ id: 'q', anchor: '问', positive: '段' }],
      questions: [{ id: 'q', text: '问', relevant: ['n'] }],
    });
  });

  it('are read together if a location lists them, as BEIR lays them out', async () => {
    const rows = await rowsFrom({
      knowledgeBase: 'corpus.jsonl',
      pairs: ['queries.jsonl', 'train.tsv'],
      testQuestions: ['queries.jsonl', 'test.tsv'],
    });
    expect(rows).toEqual({
      knowledgeBase: [
        { id: '1', text: '段', title: '题' },
        { id: '2', text: '又' },
      ],
      pairs: [{ id: '2', anchor: '再问', positive: '又' }],
      questions: [{ id: '1', text: '问', relevant: ['1'] }],
    });
  });
});
