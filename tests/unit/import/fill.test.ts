import 'fake-indexeddb/auto';
import { existsSync, readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { sharesQuestions } from '../../../src/domain/import/fillings';
import { entryOf, type SlotName } from '../../../src/domain/import/slots';
import type { DataRole } from '../../../src/domain/records';
import type { DataApi, FolderFile } from '../../../src/protocol/dataApi';
import { readRows } from '../../../src/storage/datasets';
import { surveyFiles } from '../../../workers/services/import/surveyFiles';
import { browser, freshBrowser, opened } from '../state/experimentPage';

Object.assign(browser.data, { recogniseFiles: () => Promise.resolve([]), surveyFiles } satisfies Partial<DataApi>);

const json = (...rows: unknown[]): string => rows.map((row) => JSON.stringify(row)).join('\n');
const at = (path: string, ...content: BlobPart[]): FolderFile => ({
  path,
  file: new File(content, path.split('/').pop() ?? path),
});

type Page = Awaited<ReturnType<typeof opened>>;
beforeEach(freshBrowser);
const found = ({ imports }: Page) =>
  imports.drop?.survey.fillings.map(({ slot, rows, suggested }) => [slot, rows, suggested]);
const unused = ({ imports }: Page) =>
  imports.drop?.survey.unused.map(({ file, reason }) => [imports.drop?.files[file]?.path, reason]);
const fillAll = ({ imports }: Page) => imports.fill(imports.drop?.survey.fillings ?? []);
function rowsOf<R extends DataRole>({ experiment }: Page, slot: SlotName, role: R) {
  return readRows(browser.db, role, experiment.datasets[slot]?.contentSha256 ?? '');
}

const bundle = at(
  'qa.json',
  JSON.stringify({
    queries: { q1: '喂多少', q2: '几度' },
    corpus: { n1: '两公斤', n2: '二十八度' },
    relevant_docs: { q1: ['n1'], q2: ['n2'] },
  }),
);

describe('ids in a column with an unknown name', () => {
  const passages = json({ 条目: 'A-1', 正文: '两公斤' }, { 条目: 'A-2', 正文: '二十八度' });
  const asked = (name: string) => json({ 问题: '喂多少', [name]: ['A-1'] }, { 问题: '几度', [name]: ['A-2'] });

  it('are found for passages by the references of the questions that are dropped with them', async () => {
    const page = await opened();
    const { imports } = page;
    await imports.take([at('资料.jsonl', passages), at('考题.jsonl', asked('答案编号'))], null);
    expect(imports.drop?.survey.fillings.map(({ slot }) => slot)).toEqual(['knowledgeBase', 'testQuestions']);
    await fillAll(page);
    expect((await rowsOf(page, 'knowledgeBase', 'knowledgeBase')).map(({ id }) => id)).toEqual(['A-1', 'A-2']);
    expect((await rowsOf(page, 'testQuestions', 'questions')).map(({ relevant }) => relevant)).toEqual([
      ['A-1'],
      ['A-2'],
    ]);
  });

  it('are found for questions by the ids of the passages, in the survey and in the import', async () => {
    const page = await opened();
    const { imports } = page;
    const named = passages.replaceAll('条目', 'id');
    await imports.take([at('资料.jsonl', named), at('考题.jsonl', asked('出自'))], null);
    expect(imports.drop?.survey.unused).toEqual([]);
    await fillAll(page);
    expect((await rowsOf(page, 'testQuestions', 'questions')).map(({ relevant }) => relevant)).toEqual([
      ['A-1'],
      ['A-2'],
    ]);
    await imports.take([at('训练.jsonl', asked('出自'))], 'pairs');
    expect((await rowsOf(page, 'pairs', 'pairs')).map(({ positive }) => positive)).toEqual(['两公斤', '二十八度']);
  });

  it('are found even if neither the passages nor the questions have a known name for them', async () => {
    const page = await opened();
    const { imports } = page;
    await imports.take([at('资料.jsonl', passages), at('考题.jsonl', asked('出自'))], null);
    await fillAll(page);
    expect((await rowsOf(page, 'testQuestions', 'questions')).map(({ relevant }) => relevant)).toEqual([
      ['A-1'],
      ['A-2'],
    ]);
  });

  it('are found for judged questions and passages, in the survey as in the import', async () => {
    const page = await opened();
    const { imports } = page;
    const questions = json({ 题号: 'q1', query: '喂多少' }, { 题号: 'q2', query: '几度' });
    const judgements = 'query-id\tcorpus-id\tscore\nq1\tA-1\t1\nq2\tA-2\t1\n';
    const all = [at('资料.jsonl', passages), at('考题.jsonl', questions), at('test.tsv', judgements)];
    await imports.take(all, null);
    expect(imports.drop?.survey.fillings.map(({ slot }) => slot)).toEqual(['knowledgeBase', 'testQuestions']);
    await fillAll(page);
    expect((await rowsOf(page, 'knowledgeBase', 'knowledgeBase')).map(({ id }) => id)).toEqual(['A-1', 'A-2']);
    expect((await rowsOf(page, 'testQuestions', 'questions')).map(({ relevant }) => relevant)).toEqual([
      ['A-1'],
      ['A-2'],
    ]);
  });
});

describe('a file with passages, questions and judgements', () => {
  it('offers the slots that it has content for and fills all of them at once', async () => {
    const page = await opened();
    await page.imports.take([bundle], null);
    expect(found(page)).toEqual([
      ['knowledgeBase', 2, true],
      ['pairs', 2, true],
      ['testQuestions', 2, true],
    ]);
    expect(sharesQuestions(page.imports.drop?.survey.fillings ?? [])).toBe(true);
    await fillAll(page);
    expect((await rowsOf(page, 'knowledgeBase', 'knowledgeBase')).map(({ id }) => id)).toEqual(['n1', 'n2']);
    expect((await rowsOf(page, 'testQuestions', 'questions')).map(({ relevant }) => relevant)).toEqual([
      ['n1'],
      ['n2'],
    ]);
    expect((await rowsOf(page, 'pairs', 'pairs')).map(({ positive }) => positive)).toEqual(['两公斤', '二十八度']);
  });

  it('is imported only after the user has chosen, and only into the chosen slots', async () => {
    const page = await opened();
    await page.imports.take([at('kb.jsonl', json({ id: 'n1', text: '我的段落' }))], 'knowledgeBase');
    await page.imports.take([bundle], 'pairs');
    expect(Object.keys(page.experiment.datasets)).toEqual(['knowledgeBase']);
    const fillings = page.imports.drop?.survey.fillings ?? [];
    await page.imports.fill(fillings.filter(({ slot }) => slot === 'pairs'));
    expect(page.experiment.datasets).toMatchObject({ knowledgeBase: { name: 'kb.jsonl' }, pairs: { name: 'qa.json' } });
    expect(page.experiment.datasets.testQuestions).toBeUndefined();
  });

  it('is offered for the dev questions if dropped there, and suggests no other slot for its questions', async () => {
    const page = await opened();
    await page.imports.take([bundle], 'devQuestions');
    expect(found(page)).toEqual([
      ['knowledgeBase', 2, true],
      ['pairs', 2, false],
      ['devQuestions', 2, true],
      ['testQuestions', 2, false],
    ]);
  });

  it('is offered for the part that its name states', async () => {
    const page = await opened();
    const text = await bundle.file.text();
    await page.imports.take([at('train_dataset.json', text), at('val_dataset.json', text)], null);
    expect(found(page)).toEqual([
      ['knowledgeBase', 4, true],
      ['pairs', 4, true],
      ['devQuestions', 2, true],
      ['testQuestions', 2, false],
    ]);
  });
});

describe('a folder in the layout of BEIR', () => {
  const head = 'query-id\tcorpus-id\tscore\n';
  const folder = [
    at(
      'farm/corpus.jsonl',
      json({ _id: '1', title: '饲喂', text: '两公斤' }, { _id: '2', title: '环境', text: '二十八度' }),
    ),
    at('farm/qrels/dev.tsv', head, '2\t2\t1\n'),
    at('farm/qrels/test.tsv', head, '1\t1\t2\n1\t2\t0\n'),
    at('farm/qrels/train.tsv', head, '3\t1\t1\n3\t2\t1\n'),
    at('farm/queries.jsonl', json(...['1', '2', '3'].map((_id) => ({ _id, text: `问${_id}` })))),
    at('farm/README.md', '# 说明\n\n来源\n'),
  ];

  it('fills every slot: pairs from train, dev and test questions from their files', async () => {
    const page = await opened();
    await page.imports.take(folder.slice(0, 5), null);
    expect(found(page)).toEqual([
      ['knowledgeBase', 2, true],
      ['pairs', 2, true],
      ['devQuestions', 1, true],
      ['testQuestions', 1, true],
    ]);
    expect(unused(page)).toEqual([]);
    expect(sharesQuestions(page.imports.drop?.survey.fillings ?? [])).toBe(false);
    await fillAll(page);
    expect((await rowsOf(page, 'pairs', 'pairs')).map(({ anchor, positive }) => [anchor, positive])).toEqual([
      ['问3', '两公斤'],
      ['问3', '二十八度'],
    ]);
    expect(await rowsOf(page, 'devQuestions', 'questions')).toEqual([{ id: '2', text: '问2', relevant: ['2'] }]);
    expect(await rowsOf(page, 'testQuestions', 'questions')).toEqual([{ id: '1', text: '问1', relevant: ['1'] }]);
    const entry = page.experiment.experiment && entryOf(page.experiment.experiment, 'knowledgeBase');
    expect(entry).toMatchObject({ joinTitles: true });
  });

  it('reports an empty file as empty, not as one with unknown columns', async () => {
    const page = await opened();
    await page.imports.take([at('空.csv', ''), at('对.csv', 'query,answer\n喂多少,两公斤\n')], null);
    expect(page.imports.drop?.survey.unreadable).toEqual([
      { file: 0, error: { kind: 'import-failed', file: '空.csv', fault: 'empty-file' } },
    ]);
    expect(unused(page)).toEqual([]);
  });

  it('reports each file that fits no slot, with the reason', async () => {
    const page = await opened();
    const binary = at('farm/a.bin', Uint8Array.of(0x89, 0, 0, 1, 2, 3));
    const sentences = at('farm/sts.csv', 'sentence1,sentence2,score\n一,二,0.5\n');
    await page.imports.take([binary, sentences, ...folder.slice(2, 3)], null);
    expect(found(page)).toEqual([]);
    expect(unused(page)).toEqual([
      ['farm/sts.csv', 'no-slot'],
      ['farm/qrels/test.tsv', 'no-questions'],
    ]);
    expect(page.imports.drop?.survey.unreadable).toEqual([
      { file: 0, error: { kind: 'import-failed', file: 'a.bin', fault: 'binary-file' } },
    ]);
    await page.imports.take([...folder.slice(4, 5)], null);
    expect(unused(page)).toEqual([['farm/queries.jsonl', 'no-judgements']]);
  });

  it('is imported without a dialog if all files fit the slot that they were dropped on', async () => {
    const page = await opened();
    await page.imports.take(folder.slice(0, 1), 'knowledgeBase');
    await page.imports.take(
      [folder[2], folder[4]].flatMap((one) => one ?? []),
      'testQuestions',
    );
    expect(page.imports.drop).toBeNull();
    expect(page.experiment.datasets.testQuestions).toMatchObject({ name: 'test.tsv, queries.jsonl', rows: 1 });
  });
});

describe('files that do not depend on each other', () => {
  it('are offered for the slot that their columns and names suggest', async () => {
    const page = await opened();
    await page.imports.take(
      [
        at('dev-questions.jsonl', json({ query: '问', relevant: ['a'] })),
        at('pairs.csv', 'query,answer\n问,答\n'),
        at('questions.json', JSON.stringify([{ text: '问', relevant: ['a'] }])),
        at('知识.txt', '甲段\n乙段\n'),
      ],
      null,
    );
    expect(found(page)).toEqual([
      ['knowledgeBase', 2, true],
      ['pairs', 1, true],
      ['devQuestions', 1, true],
      ['testQuestions', 1, true],
    ]);
  });

  it('are all imported except those that fail, and the first error is thrown', async () => {
    const page = await opened();
    await page.imports.take(
      [at('pairs.csv', 'query,answer\n问,\n'), at('test.json', JSON.stringify([{ text: '问', relevant: ['a'] }]))],
      null,
    );
    await expect(fillAll(page)).rejects.toMatchObject({ details: { file: 'pairs.csv', fault: 'text-empty' } });
    expect(page.experiment.datasets).toMatchObject({ testQuestions: { rows: 1 } });
  });
});

const cases = new URL('../../../../shared/cases/files/', import.meta.url);
const shared = (name: string): FolderFile => at(name, readFileSync(new URL(name, cases)));

describe.skipIf(!existsSync(cases))('real-world data sets (skipped without ../shared/cases)', () => {
  it('03: one file fills knowledge base, questions and pairs', async () => {
    const page = await opened();
    await page.imports.take([shared('03-llamaindex-qa.json')], null);
    await fillAll(page);
    const { knowledgeBase, pairs, testQuestions } = page.experiment.datasets;
    expect([knowledgeBase?.rows, pairs?.rows, testQuestions?.rows]).toEqual([2, 1, 1]);
    expect((await rowsOf(page, 'testQuestions', 'questions'))[0]?.relevant).toEqual(['n1']);
  });

  it('04: passages, questions and judgements fill their slots; titles are joined, dangling ids reported', async () => {
    const page = await opened();
    await page.imports.take(['04-corpus.jsonl', '04-qrels.tsv', '04-queries.jsonl'].map(shared), 'testQuestions');
    expect(found(page)).toEqual([
      ['knowledgeBase', 2, true],
      ['testQuestions', 1, true],
    ]);
    await fillAll(page);
    expect((await rowsOf(page, 'testQuestions', 'questions'))[0]).toMatchObject({ id: 'q1', relevant: ['d1'] });
    expect(page.imports.slots.testQuestions.rejected).toContainEqual({
      file: '04-qrels.tsv',
      line: 4,
      fault: 'reference-ignored',
      field: 'gone',
    });
    const entry = page.experiment.experiment && entryOf(page.experiment.experiment, 'knowledgeBase');
    expect([page.experiment.datasets.knowledgeBase?.titles, entry?.joinTitles]).toEqual([2, true]);
  });
});
