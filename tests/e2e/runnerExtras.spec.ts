import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { command, cutDemo } from './runner';
import { expect, root, test } from './support';

const minute = 60_000;

const rowsOf = <Row>(path: string): Row[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
interface QuestionRow {
  id: string;
  text: string;
  relevant: string[];
}
const jsonl = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const readJson = async <T>(path: string): Promise<T> => JSON.parse(await readFile(path, 'utf8')) as T;

/** Writes decisions about the first test question: another passage answers it, its own does not, and one is stale. */
async function writeLabels(folder: string): Promise<QuestionRow> {
  const [question] = rowsOf<QuestionRow>(join(folder, 'test.jsonl'));
  if (!question) throw new Error('no question');
  const other = rowsOf<{ id: string }>(join(folder, 'kb.jsonl')).find(({ id }) => !question.relevant.includes(id));
  const about = { part: 'test', questionId: question.id, question: question.text };
  const labelDecisions = [
    { number: 1, ...about, passageId: other?.id, mark: 'right' },
    { number: 2, ...about, passageId: question.relevant[0], mark: 'wrong' },
    { number: 3, ...about, question: 'another text', passageId: other?.id, mark: 'right' },
    { number: 4, ...about, part: 'dev', passageId: other?.id, mark: 'right' },
  ];
  await writeFile(join(folder, 'labels.json'), JSON.stringify({ labelDecisions }));
  return question;
}

/** Writes passages of the demo that the cut demo lacks, with the questions that they answer. */
async function writeProbe(folder: string): Promise<{ knowledgeBase: string; questions: string }> {
  const demo = join(root, 'public/demo');
  const passages = rowsOf<{ id: string }>(join(demo, 'knowledge-base.jsonl')).slice(40, 100);
  const ids = new Set(passages.map(({ id }) => id));
  const all = ['dev-questions.jsonl', 'test-questions.jsonl'].flatMap((name) => rowsOf<QuestionRow>(join(demo, name)));
  const questions = all.filter(({ relevant }) => relevant.every((id) => ids.has(id))).slice(0, 10);
  await writeFile(join(folder, 'other-kb.jsonl'), jsonl(passages));
  await writeFile(join(folder, 'other-questions.jsonl'), jsonl(questions));
  return { knowledgeBase: 'other-kb.jsonl', questions: 'other-questions.jsonl' };
}

interface Labelled {
  labelDecisions: { changes: number; stale: number; ofOtherPart: number; decisions: object[]; models: object[] };
}
const expectedLabels = { changes: 2, changedQuestions: 1, stale: 1, ofOtherPart: 1 };

test('npm run experiment measures a probe set before and after, and shows label decisions beside the recorded figures', async () => {
  test.setTimeout(5 * minute);
  const folder = await cutDemo({ stages: 1 });
  const question = await writeLabels(folder);
  const probe = await writeProbe(folder);
  const file = join(folder, 'experiment.json');
  const experiment = await readJson<{ locations: object }>(file);
  const locations = { ...experiment.locations, labelDecisions: 'labels.json' };
  await writeFile(file, JSON.stringify({ ...experiment, locations, probe }));
  const out = join(folder, 'out');
  const ended = await command('experiment.mjs', file, '--out', out, '--device', 'wasm');
  expect(ended.code, ended.stderr).toBe(0);
  expect(ended.stdout + ended.stderr).toContain('label decisions: 2 labels changed; 1 without effect');

  const metrics = await readJson<
    Labelled & {
      questions: QuestionRow[];
      before: { hitRateAt1: number };
      ranksBefore: Record<string, (number | null)[]>;
      probe: {
        set: string;
        questions: number;
        hitRate: { before: number; after: number };
        change: { value: number; low: number; high: number };
        ratios: { ratio: number; metrics: { hitRateAt1: number } }[];
      };
    }
  >(join(out, 'metrics.json'));
  expect(metrics.labelDecisions).toMatchObject(expectedLabels);
  expect(metrics.labelDecisions.decisions).toHaveLength(3);
  // The recorded figures are those of the imported labels.
  expect(metrics.questions.find(({ id }) => id === question.id)?.relevant).toEqual(question.relevant);
  const ranks = Object.values(metrics.ranksBefore);
  expect(metrics.before.hitRateAt1).toBeCloseTo(ranks.filter(([rank]) => rank === 1).length / ranks.length, 12);

  const { hitRate, change, ratios, set, questions } = metrics.probe;
  expect([set, questions]).toEqual(['other-questions.jsonl', 10]);
  expect(ratios.map((point) => point.ratio)).toEqual([0, 1]);
  expect(ratios.map((point) => point.metrics.hitRateAt1)).toEqual([hitRate.before, hitRate.after]);
  expect(change.value).toBeCloseTo(hitRate.after - hitRate.before, 12);
  expect(change.low).toBeLessThan(change.value);
  expect(change.high).toBeGreaterThan(change.value);
  const html = await readFile(join(out, 'report.html'), 'utf8');
  expect(html).toContain('other-questions.jsonl');
  expect(html).toContain('Label decisions');
});

test('a probe set that shares a file with the experiment is refused, because it would say nothing about forgetting', async () => {
  test.setTimeout(2 * minute);
  const folder = await cutDemo({ stages: 1 });
  const file = join(folder, 'experiment.json');
  const probe = { knowledgeBase: 'kb.jsonl', questions: 'test.jsonl' };
  await writeFile(file, JSON.stringify({ ...(await readJson<object>(file)), probe }));
  const ended = await command('experiment.mjs', file, '--out', join(folder, 'out'), '--device', 'wasm');
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain('a knowledge base and questions that the experiment does not have');
});

test('npm run evaluate shows label decisions beside the figures by the imported labels', async () => {
  test.setTimeout(2 * minute);
  const folder = await cutDemo();
  await writeLabels(folder);
  const locations = { knowledgeBase: 'kb.jsonl', testQuestions: 'test.jsonl', labelDecisions: 'labels.json' };
  await writeFile(join(folder, 'evaluation.json'), JSON.stringify({ locations }));
  const out = join(folder, 'out');
  const ended = await command('evaluate.mjs', join(folder, 'evaluation.json'), '--out', out, '--device', 'wasm');
  expect(ended.code, ended.stderr).toBe(0);
  const { labelDecisions } = await readJson<Labelled>(join(out, 'metrics.json'));
  expect(labelDecisions).toMatchObject(expectedLabels);
  expect(await readFile(join(out, 'report.md'), 'utf8')).toContain('Label decisions');
});
