import * as v from 'valibot';
import { own } from '../errorWords';
import { parseFileLocations } from '../fileLocations';
import { isObject } from '../isObject';
import { experimentInvalid, parseWith } from '../parseExperiment';

/**
 * The `probe` field of a file: the questions outside the field that show what a model has forgotten, the shipped ones
 * or those of files. Not part of the experiment's identity. `locations` are those of an experiment's data.
 */
export type ProbeJob =
  { kind: 'general' } | { kind: 'files'; locations: { knowledgeBase: unknown; devQuestions: unknown } };

const filesSchema = v.strictObject({ knowledgeBase: v.optional(v.unknown()), questions: v.optional(v.unknown()) });

/** Parses `probe` of a file. Throws `experiment-invalid` with the path of the wrong field. */
export function parseProbe(given: unknown): ProbeJob {
  if (given === 'general') return { kind: 'general' };
  if (!isObject(given)) throw experimentInvalid('probe', given, ['general', own('object')]);
  const { knowledgeBase, questions } = parseWith(filesSchema, given, 'probe');
  parseFileLocations(knowledgeBase, 'knowledgeBase', 'probe.knowledgeBase');
  parseFileLocations(questions, 'devQuestions', 'probe.questions');
  return { kind: 'files', locations: { knowledgeBase, devQuestions: questions } };
}
