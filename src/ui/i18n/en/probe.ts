import { formatCount } from '../format';
import { count } from './count';

export const probeTexts = {
  title: 'General ability',
  titleOf: (name: string) => `Answers to the questions of “${name}”`,
  none: 'not measured',
  outcome: { forgot: 'forgot', kept: 'did not forget', unclear: 'can’t tell' },
  help: 'Questions outside your field, answered by the base model and by the tuned weights. They show whether training made the model forget what it could do before.',
  set: 'Questions',
  general: (questions: number, passages: number) =>
    `General knowledge, in Chinese: ${count(questions, 'question')}, ${count(passages, 'passage')}`,
  size: (questions: number, passages: number) => `${count(questions, 'question')}, ${count(passages, 'passage')}`,
  setHelp:
    'The general set is part of the program and is loaded when you measure. You can also take the dev questions and the knowledge base of another experiment, unless this run uses them.',
  measure: 'Measure base and tuned model',
  measured: 'Measured',
  working: 'Encoding the questions and passages',
  hits: (k: number, before: number, after: number, of: number) =>
    `${k === 1 ? 'The right passage comes first' : `A right passage is in the top ${k}`} for ${formatCount(before)} of ${count(of, 'question')} before training and for ${formatCount(after)} after.`,
  sentence: {
    forgot: (low: string, high: string) =>
      `The model forgot: the 95% interval of the change in hit rate, in percentage points, is ${low} to ${high}. Chance is an unlikely explanation.`,
    kept: (low: string) =>
      `The model did not forget: with 95% confidence, the loss in percentage points is below ${low}, and more than 5 would count.`,
    unclear: (low: string, high: string) =>
      `These questions can’t tell whether the model forgot: the 95% interval of the change in hit rate, in percentage points, is ${low} to ${high}.`,
  },
  keptNothing: 'The model did not forget: with 95% confidence, the hit rate on these questions did not fall.',
  generalSet: 'general questions',
  ofExperiment: (name: string) => `questions of “${name}”`,
  curve: (metric: string, set: string) => `${metric} on dev and on ${set}, from base to tuned`,
  dev: 'dev',
  measureBlends: (n: number, set: string) => `Measure ${count(n, 'ratio')} on ${set}`,
  onProbe: (metric: string, set: string) => `${metric}, ${set}`,
};
