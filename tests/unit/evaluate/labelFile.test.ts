import { expect, it } from 'vitest';
import { labelFile, parseLabelFile } from '../../../src/domain/evaluate/labelFile';
import type { LabelDecision } from '../../../src/domain/evaluate/labelDecisions';
import { parseEvaluationFile } from '../../../src/domain/evaluate/evaluationFile';
import { parseExperimentFile } from '../../../src/domain/experimentFile';

const decision = (number: number): LabelDecision => {
  return { number, part: 'test', questionId: 'q', question: '猪咳嗽？', passageId: `p${number}`, mark: 'right' };
};
const refusal = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return (error as { details: unknown }).details;
  }
};

it('the file of label decisions that the page saves is read back as it was', () => {
  const log = [decision(1), { ...decision(2), part: 'dev' as const, mark: 'imported' as const }];
  expect(parseLabelFile(labelFile(log), 'locations.labelDecisions')).toEqual(log);
});

it.each([
  ['no JSON', 'locations.labelDecisions'],
  ['[]', 'locations.labelDecisions'],
  ['{"labelDecisions": [], "more": 1}', 'locations.labelDecisions.more'],
  [JSON.stringify({ labelDecisions: [{ ...decision(1), mark: 'perhaps' }] }), 'locations.labelDecisions'],
  [JSON.stringify({ labelDecisions: [decision(2)] }), 'locations.labelDecisions.labelDecisions'],
])('a file of label decisions is refused with the wrong field: %s', (content, path) => {
  expect(refusal(() => parseLabelFile(content, 'locations.labelDecisions'))).toMatchObject({
    kind: 'experiment-invalid',
    path: expect.stringContaining(path) as string,
  });
});

it('both files can name label decisions, but not beside a sweep or a comparison, which use the imported labels', () => {
  const locations = { labelDecisions: 'labels.json' };
  expect(parseExperimentFile({ locations }).locations.labelDecisions).toBe('labels.json');
  const evaluation = { locations: { ...locations, knowledgeBase: 'k', testQuestions: 't' } };
  expect(parseEvaluationFile(evaluation).inputs.locations.labelDecisions).toBe('labels.json');
  expect(refusal(() => parseExperimentFile({ locations, compare: 'negatives' }))).toMatchObject({
    path: 'locations.labelDecisions',
  });
});

it('a probe set is the shipped one or that of files, and belongs to a single run', () => {
  expect(parseExperimentFile({ probe: 'general' }).probe).toEqual({ kind: 'general' });
  const files = { knowledgeBase: 'kb.csv', questions: { path: 'q.csv', columns: { text: 'Q', relevant: 'A' } } };
  expect(parseExperimentFile({ probe: files }).probe).toMatchObject({
    kind: 'files',
    locations: { knowledgeBase: 'kb.csv', devQuestions: { path: 'q.csv' } },
  });
  const paths = [
    { probe: 'shipped' },
    { probe: { ...files, questions: undefined } },
    { probe: { ...files, knowledgeBase: { path: 1 } } },
    { probe: 'general', compare: 'negatives' },
  ].map((json) => (refusal(() => parseExperimentFile(json)) as { path: string }).path);
  expect(paths).toEqual(['probe', 'probe.questions', 'probe.knowledgeBase.path', 'probe']);
});
