import * as v from 'valibot';
import { own } from '../errorWords';
import { experimentInvalid, parseWith } from '../parseExperiment';
import { text, whole } from '../project/schemaFields';
import { labelMarks, type LabelDecision } from './labelDecisions';

const labelDecision = v.strictObject({
  number: whole,
  part: v.picklist(['dev', 'test']),
  questionId: text,
  question: text,
  passageId: text,
  mark: v.picklist(labelMarks),
});

/** A log that is numbered as it was written, because the next decision gets the number after the last. */
export const labelLog = v.pipe(
  v.array(labelDecision),
  v.check((log) => log.every(({ number }, i) => number === i + 1), 'numbers of label decisions from 1, without gaps'),
);

const fileSchema = v.strictObject({ labelDecisions: labelLog });

/** Name of the file that the page saves. */
export const labelFileName = 'label-decisions.json';

/** Returns the file with an experiment's label decisions, which `parseLabelFile` reads. */
export function labelFile(labelDecisions: readonly LabelDecision[]): string {
  return `${JSON.stringify({ labelDecisions }, null, 1)}\n`;
}

/** Returns the decisions of a file. Throws `experiment-invalid` with the path of the wrong field, below `place`. */
export function parseLabelFile(content: string, place: string): LabelDecision[] {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    throw experimentInvalid(place, content.slice(0, 40), own('object'));
  }
  return parseWith(fileSchema, json, place).labelDecisions;
}
