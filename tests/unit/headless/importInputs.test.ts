import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import { parseExperimentFile } from '../../../src/domain/experimentFile';
import type { DataApi } from '../../../src/protocol/dataApi';
import { openDatabase } from '../../../src/storage/database';
import { readRows } from '../../../src/storage/datasets';
import { importDataset } from '../../../workers/services/import/importDataset';
import { storedPassages } from '../../../workers/services/import/storedPassages';
import { workbook } from '../import/workbook';

const data: Pick<DataApi, 'importDataset'> = {
  importDataset: async (files, role, progress, { knowledgeBase } = {}) => {
    const db = await openDatabase('headless-inputs');
    const options = knowledgeBase === undefined ? {} : { passages: await storedPassages(db, knowledgeBase) };
    return importDataset(db, files, role, progress, options);
  },
};
vi.mock('../../../src/state/gateway', () => ({
  gateway: { data: () => Promise.resolve(data), getModel: () => Promise.resolve(undefined) },
}));
const { InputReader } = await import('../../../src/headless/importInputs');

it('reads a workbook as the knowledge base of a headless run and says which sheet was taken', async () => {
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
  const reader = new InputReader(routes as never, {} as never, { experiment } as never, reports);
  expect(await reader.data()).toMatchObject([{ role: 'knowledgeBase' }]);
  expect(reader.recognised.knowledgeBase).toMatchObject([{ sheet: '猪病', sheets: ['猪病', '饲料'], records: 1 }]);
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
