import 'fake-indexeddb/auto';
import { expect, it, vi } from 'vitest';
import type { DataApi } from '../../../src/protocol/dataApi';
import { openDatabase } from '../../../src/storage/database';
import { importDataset } from '../../../workers/services/import/importDataset';
import { workbook } from '../import/workbook';

const data: Pick<DataApi, 'importDataset'> = {
  importDataset: async (files, role, progress) =>
    importDataset(await openDatabase('headless-inputs'), files, role, progress),
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
