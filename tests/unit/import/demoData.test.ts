import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { demoPassages, demoQuestions } from '../../../src/domain/import/demoQuestions';
import type { Question } from '../../../src/domain/records';

interface DemoPassage {
  id: string;
  topic: string;
  text: string;
}
interface DemoPair {
  id: string;
  anchor: string;
  positiveId: string;
}
function read<Row>(name: string): Row[] {
  const text = readFileSync(new URL(`../../../public/demo/${name}.jsonl`, import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line): Row => JSON.parse(line));
}

const passages = read<DemoPassage>('knowledge-base');
const pairs = read<DemoPair>('train-pairs');
const dev = read<Question>('dev-questions');
const test = read<Question>('test-questions');
const sharedRun = 8;

/** Returns the characters without punctuation, symbols and spaces, so that these cannot hide a shared run. */
const bare = (text: string): string[] => [
  ...text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\p{P}\p{S}\s]/gu, ''),
];
function runsOf(text: string): string[] {
  const characters = bare(text);
  return characters
    .slice(0, Math.max(0, characters.length - sharedRun + 1))
    .map((_, at) => characters.slice(at, at + sharedRun).join(''));
}
const repeated = (values: readonly string[]): string[] => values.filter((value, at) => values.indexOf(value) !== at);

describe('the demo knowledge base', () => {
  it('has at least 240 passages of 60 to 200 characters on at least 20 topics', () => {
    expect(passages.length).toBeGreaterThanOrEqual(240);
    expect(passages.filter(({ text }) => [...text].length < 60 || [...text].length > 200).map(({ id }) => id)).toEqual(
      [],
    );
    expect(new Set(passages.map(({ topic }) => topic)).size).toBeGreaterThanOrEqual(20);
  });

  it('repeats no id and no text', () => {
    expect(repeated(passages.map(({ id }) => id))).toEqual([]);
    expect(repeated(passages.map(({ text }) => text))).toEqual([]);
  });
});

describe('the demo questions', () => {
  it('include at least 600 for training, 60 for dev and 100 for test, without repetition', () => {
    expect(pairs.length).toBeGreaterThanOrEqual(600);
    expect(dev.length).toBeGreaterThanOrEqual(60);
    expect(test.length).toBeGreaterThanOrEqual(100);
    const texts = [
      ...pairs.map(({ anchor }) => anchor),
      ...dev.map(({ text }) => text),
      ...test.map(({ text }) => text),
    ];
    expect(repeated(texts)).toEqual([]);
    expect(repeated([...pairs, ...dev, ...test].map(({ id }) => id))).toEqual([]);
  });

  it('name only passages of the knowledge base', () => {
    const ids = new Set(passages.map(({ id }) => id));
    const named = [
      ...pairs.map(({ positiveId }) => positiveId),
      ...[...dev, ...test].flatMap(({ relevant }) => relevant),
    ];
    expect(named.filter((id) => !ids.has(id))).toEqual([]);
    expect([...dev, ...test].filter(({ relevant }) => relevant.length === 0)).toEqual([]);
  });

  it('of the test set share no run of 8 characters with a training question', () => {
    const seen = new Set(pairs.flatMap(({ anchor }) => runsOf(anchor)));
    expect(
      test.filter(({ text }) => runsOf(text).some((run) => seen.has(run))).map(({ id, text }) => `${id} ${text}`),
    ).toEqual([]);
  });

  it('of the test set share no run of 8 characters with their own passages', () => {
    const textOf = new Map(passages.map(({ id, text }) => [id, new Set(runsOf(text))]));
    const copied = test.filter(({ text, relevant }) =>
      runsOf(text).some((run) => relevant.some((id) => textOf.get(id)?.has(run))),
    );
    expect(copied.map(({ id }) => id)).toEqual([]);
  });

  it('that the home screen suggests are test questions with the same relevant passages', () => {
    expect(passages).toHaveLength(demoPassages);
    for (const { text, relevant } of demoQuestions)
      expect(test.find((question) => question.text === text)?.relevant, text).toEqual(relevant);
  });
});
