import { describe, expect, it } from 'vitest';
import { file, imported, json, refused } from './importFiles';

describe('an id that occurs twice', () => {
  it('is reported if the questions differ', async () => {
    const { rows, rejected } = await imported('questions', file('q.csv', 'id,query,pid\n44,问一,d1\n44,问二,d2\n'));
    expect(rows).toEqual([{ id: '44', text: '问一', relevant: ['d1'] }]);
    expect(rejected).toEqual([{ file: 'q.csv', line: 3, fault: 'duplicate-id', field: '44' }]);
  });
});

describe('rows of one question', () => {
  it('are merged, and the score decides which passages are relevant', async () => {
    const source = file('q.csv', 'query,pid,score\n喂多少,d1,1\n喂多少,d2,0\n喂多少,d3,1\n别的,d4,0\n');
    const { rows, rejected, rejectedCount } = await imported('questions', source);
    expect(rows).toEqual([
      { id: 'questions-1', text: '喂多少', relevant: ['d1', 'd3'] },
      { id: 'questions-4', text: '别的', relevant: [] },
    ]);
    expect(rejected.map(({ line, fault, field }) => [line, fault, field])).toEqual([
      [3, 'questions-merged', 'questions-1'],
      [4, 'questions-merged', 'questions-1'],
      [3, 'judged-irrelevant', '2'],
      [5, 'question-unanswered', 'questions-4'],
    ]);
    expect(rejectedCount).toBe(0);
  });
});

describe('a question whose passages are all judged as not relevant', () => {
  const passages = file('corpus.jsonl', json({ _id: 'd1', text: '两公斤' }, { _id: 'd2', text: '二十八度' }));
  const answered = { _id: 'q1', text: '喂多少' };
  const unanswered = { _id: 'q2', text: '股票代码是多少' };

  it('is kept without an answer and reported, whether a file of judgements or the row itself says so', async () => {
    const questions = file('queries.jsonl', json(answered, unanswered, { _id: 'q3', text: '没判过' }));
    const head = 'query-id\tcorpus-id\tscore\n';
    const qrels = file('qrels.tsv', `${head}q1\td1\t1\nq2\td1\t0\nq2\td2\t0\n`);
    const judged = await imported('questions', [passages, questions, qrels], passages);
    expect(judged.rows).toEqual([
      { id: 'q1', text: '喂多少', relevant: ['d1'] },
      { id: 'q2', text: '股票代码是多少', relevant: [] },
    ]);
    expect(judged.rejected.map(({ fault }) => fault)).toContain('question-unanswered');
    const own = file('q.jsonl', json({ ...answered, relevant: { d1: 1 } }, { ...unanswered, relevant: { d1: 0 } }));
    expect((await imported('questions', own, passages)).rows).toEqual(judged.rows);
  });

  it('is left out if one of its labels names a passage that the knowledge base lacks', async () => {
    const questions = file('queries.jsonl', json(answered, unanswered));
    const qrels = file('qrels.tsv', 'query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td1\t0\nq2\tgone\t1\n');
    const { rows } = await imported('questions', [passages, questions, qrels], passages);
    expect(rows.map(({ id }) => id)).toEqual(['q1']);
  });

  it('makes an import fail if no other question has an answer', async () => {
    const source = file('q.csv', 'query,pid,score\n喂多少,d1,0\n');
    expect(await refused('questions', source)).toMatchObject({ fault: 'relevant-missing', line: 2 });
  });
});

describe('a reference that is neither an id nor the text of a passage', () => {
  it('is reported with its row instead of being dropped from the list', async () => {
    const source = file('q.jsonl', json({ query: '一', pos: ['d1', { id: 'd2' }] }, { query: '二', pos: ['d1'] }));
    const { rows, rejected } = await imported('questions', source);
    expect(rows.map((row) => row.text)).toEqual(['二']);
    expect(rejected).toEqual([{ file: 'q.jsonl', line: 1, fault: 'not-a-text', field: 'pos' }]);
  });
});

describe('one file with questions, passages and judgements', () => {
  const source = file(
    'qa.json',
    JSON.stringify({
      queries: { q1: '喂多少', q2: '几度' },
      corpus: { n1: '两公斤', n2: '二十八度' },
      relevant_docs: { q1: ['n1'], q2: ['n2', 'gone'] },
      mode: 'text',
    }),
  );

  it('fills the knowledge base, the questions and the pairs', async () => {
    expect((await imported('knowledgeBase', source)).rows).toEqual([
      { id: 'n1', text: '两公斤' },
      { id: 'n2', text: '二十八度' },
    ]);
    const questions = await imported('questions', source, source);
    expect(questions.rows).toEqual([
      { id: 'q1', text: '喂多少', relevant: ['n1'] },
      { id: 'q2', text: '几度', relevant: ['n2'] },
    ]);
    const mode = { file: 'qa.json', line: 1, fault: 'columns-unused', field: 'mode' };
    expect(questions.rejected).toEqual([mode, { file: 'qa.json', line: 1, fault: 'reference-ignored', field: 'gone' }]);
    const pairs = await imported('pairs', source, source);
    expect(pairs.rows.map(({ anchor, positive }) => [anchor, positive])).toEqual([
      ['喂多少', '两公斤'],
      ['几度', '二十八度'],
    ]);
    expect(pairs.rejected.map(({ fault, field }) => [fault, field])).toEqual([
      ['columns-unused', 'mode'],
      ['unknown-passage', 'gone'],
    ]);
  });

  it('reports judgements of a question that it does not have, and judgements that it cannot read', async () => {
    const partial = file(
      'qa.json',
      JSON.stringify({
        queries: [{ qid: 'q1', text: '喂多少' }],
        corpus: [{ docid: 'n1', content: '两公斤' }],
        qrels: [{ qid: 'q1', docid: 'n1' }, { qid: 'q9', docid: 'n1' }, { who: 'q1' }],
      }),
    );
    const { rows, rejected } = await imported('pairs', partial, partial);
    expect(rows).toEqual([{ id: 'pairs-1', anchor: '喂多少', positive: '两公斤' }]);
    expect(rejected.map(({ fault, field }) => [fault, field])).toEqual([
      ['unknown-question', 'q9'],
      ['no-known-columns', ''],
      ['columns-unused', 'qid'],
    ]);
  });
});

describe('files of passages, questions and judgements', () => {
  const passages = file(
    'corpus.jsonl',
    json({ _id: 'd1', title: '饲喂', text: '两公斤' }, { _id: 2, text: '二十八度' }),
  );
  const questions = file(
    'queries.jsonl',
    json({ _id: 'q1', text: '喂多少', metadata: {} }, { _id: '7', text: '几度' }),
  );
  const judgements = file(
    'qrels.tsv',
    'query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\t2\t0\nq1\tgone\t1\n7\t2\t2\nq9\td1\t1\n',
  );
  const all = [passages, questions, judgements];

  it('together make questions; unknown ids are reported by the line of the judgement', async () => {
    const { rows, rejected } = await imported('questions', all, passages);
    expect(rows).toEqual([
      { id: 'q1', text: '喂多少', relevant: ['d1'] },
      { id: '7', text: '几度', relevant: ['2'] },
    ]);
    expect(rejected).toEqual([
      { file: 'qrels.tsv', line: 4, fault: 'reference-ignored', field: 'gone' },
      { file: 'qrels.tsv', line: 3, fault: 'judged-irrelevant', field: '1' },
      { file: 'corpus.jsonl', fault: 'file-unused' },
      { file: 'qrels.tsv', line: 6, fault: 'unknown-question', field: 'q9' },
    ]);
  });

  it('together also make pairs and a knowledge base', async () => {
    const pairs = await imported('pairs', all, passages);
    expect(pairs.rows.map(({ anchor, positive }) => [anchor, positive])).toEqual([
      ['喂多少', '两公斤'],
      ['几度', '二十八度'],
    ]);
    expect((await imported('knowledgeBase', all)).rows).toEqual([
      { id: 'd1', text: '两公斤', title: '饲喂' },
      { id: '2', text: '二十八度' },
    ]);
  });
});
