import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoModel, root } from './support';

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs one of the project's commands to its end. */
export function command(tool: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, 'tools', tool), ...args],
      { cwd: root, timeout: 6 * 60_000 },
      (error, stdout, stderr) => {
        resolve({ code: error ? (typeof error.code === 'number' ? error.code : 1) : 0, stdout, stderr });
      },
    );
  });
}

const rows = (file: string): Record<string, unknown>[] =>
  readFileSync(join(root, 'public/demo', file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const jsonl = (list: object[]): string => list.map((row) => `${JSON.stringify(row)}\n`).join('');

/**
 * Writes a small part of the demo: 40 passages, texts of up to 32 tokens, 3 steps of batch size 4, and 2 more with a
 * loss in tfjs, which distils the scores of a teacher that the pairs bring. The last pair repeats a test question
 * without its punctuation. `model` replaces the location of the model, and `stages` limits the number of stages.
 */
export async function cutDemo(changes: { model?: string; stages?: number } = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'recallsmith-cut-'));
  const passages = rows('knowledge-base.jsonl').slice(0, 40);
  const ids = new Set(passages.map((row) => row['id']));
  const pairs = rows('train-pairs.jsonl').filter((row) => ids.has(row['positiveId']));
  const questions = rows('test-questions.jsonl').filter((row) =>
    (row['relevant'] as string[]).every((id) => ids.has(id)),
  );
  await writeFile(join(folder, 'kb.jsonl'), jsonl(passages));
  const leak = { anchor: String(questions[0]?.['text']).replace(/[，？]/g, ' '), positiveId: passages[0]?.['id'] };
  const scored = [...pairs, leak].map((pair, i) => {
    const neg = [passages[(i * 7 + 3) % 40]?.['text']];
    return { ...pair, neg, pos_scores: [6 - (i % 3)], neg_scores: [(i % 5) - 4] };
  });
  await writeFile(join(folder, 'pairs.jsonl'), jsonl(scored));
  await writeFile(join(folder, 'test.jsonl'), jsonl(questions.slice(0, 8)));
  const batching = { kind: 'seeded', batchSize: 4, avoidDuplicatePassages: true };
  const taught = {
    negatives: { from: 'imported', perAnchor: 1 },
    loss: { kind: 'distillation', temperature: 0.05, teacherTemperature: 1, scores: 'imported' },
  };
  const experiment = {
    seed: 3,
    split: { devFraction: 0 },
    model: { maxTokens: 32 },
    stages: [
      { batching, duration: { unit: 'steps', value: 3 } },
      { batching, duration: { unit: 'steps', value: 2 }, ...taught },
    ].slice(0, changes.stages),
    evaluation: { devEverySteps: 0, checkpoint: 'last' },
    locations: {
      knowledgeBase: 'kb.jsonl',
      pairs: 'pairs.jsonl',
      testQuestions: 'test.jsonl',
      model: changes.model ?? demoModel,
    },
  };
  await writeFile(join(folder, 'experiment.json'), JSON.stringify(experiment));
  return folder;
}
