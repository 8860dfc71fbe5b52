import 'fake-indexeddb/auto';
import { expect, it, vi } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import { withEntry } from '../../../src/domain/import/slots';
import { openDatabase } from '../../../src/storage/database';
import { getDataset, readRowsPage } from '../../../src/storage/datasets';
import { importDataset } from '../../../workers/services/import/importDataset';

const db = await openDatabase('kept-in-metrics');
vi.stubGlobal('navigator', {});
vi.stubGlobal('crossOriginIsolated', false);
vi.mock('../../../src/state/gateway', () => ({
  gateway: {
    getModel: () => Promise.resolve(undefined),
    getDataset: (contentSha256: string) => getDataset(db, contentSha256),
    getEvaluation: () => Promise.resolve({ metrics: {}, results: [{ questionId: 'q1', ranks: [1] }] }),
    data: () => Promise.resolve({ countSplit: () => Promise.resolve({ listed: { overlaps: [] } }) }),
    readRows: (contentSha256: string, from: number, count: number) => readRowsPage(db, contentSha256, from, count),
  },
}));
const { runMetrics } = await import('../../../src/headless/runMetrics');
const { keptColumns } = await import('../../../src/headless/keptColumns');

const jsonl = (rows: object[]): File => new File([rows.map((row) => JSON.stringify(row)).join('\n')], 'a.jsonl');

it('metrics.json has the topic, document and chunk of every row of every data set, by id', async () => {
  const passages = Array.from({ length: 1002 }, (_, index) => ({ id: `d${index}`, text: `段落${index}` }));
  const kept = [{ topic: '病', source: '手册', chunk_id: 3 }, ...passages.slice(2).map(() => ({})), { topic: '料' }];
  const base = jsonl(passages.map((row, index) => ({ ...row, ...kept[index] })));
  const { dataset } = await importDataset(db, [base], 'knowledgeBase', () => undefined);
  const asked = jsonl([{ id: 'q1', query: '问', relevant: 'd1', topic: '料' }]);
  const { dataset: questions } = await importDataset(db, [asked], 'questions', () => undefined);
  const plain = jsonl([{ query: '问', pos: '答' }]);
  const { dataset: pairs } = await importDataset(db, [plain], 'pairs', () => undefined);
  let experiment = withEntry(defaultExperiment(), 'knowledgeBase', dataset.contentSha256);
  experiment = withEntry(experiment, 'pairs', pairs.contentSha256);
  experiment = withEntry(experiment, 'testQuestions', questions.contentSha256);
  const found = await keptColumns(experiment);
  expect(found).toEqual({
    knowledgeBase: {
      ...dataset.kept,
      rows: { d0: { topic: '病', document: '手册', chunk: '3' }, d1001: { topic: '料' } },
    },
    testQuestions: { ...questions.kept, rows: { q1: { topic: '料' } } },
  });
  const metrics = await runMetrics({
    run: { runId: 'run', experiment },
    ...{ inputs: { experiment }, events: [], exported: { files: [] }, reference: { texts: [], vectors: [] } },
  } as never);
  expect(metrics).toMatchObject({ keptColumns: found });
});
