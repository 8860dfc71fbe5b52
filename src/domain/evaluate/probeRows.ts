import * as v from 'valibot';
import type { Passage, Question } from '../records';

const passageRow = v.object({ id: v.string(), text: v.string(), topic: v.string() });
const questionRow = v.object({ ...passageRow.entries, relevant: v.array(v.string()) });

const lines = (text: string): unknown[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

/** Returns the rows of the files of the shipped probe set, whose hash was checked. */
export function probeRows(passages: string, questions: string): { passages: Passage[]; questions: Question[] } {
  const kept = <Row extends { topic: string }>({ topic, ...rest }: Row) => ({ ...rest, kept: { topic } });
  return {
    passages: lines(passages).map((line) => kept(v.parse(passageRow, line))),
    questions: lines(questions).map((line) => kept(v.parse(questionRow, line))),
  };
}
