import { formatCount } from '../format';
import { count } from './count';

export const probeTexts = {
  title: 'General ability',
  none: 'not measured',
  outcome: { forgot: 'forgot', kept: 'did not forget', unclear: 'can’t tell' },
  help: 'Questions outside your field, answered by the base model and by the tuned weights. They show whether training made the model forget what it could do before.',
  set: 'Questions',
  general: (questions: number, passages: number) =>
    `General knowledge, in Chinese: ${count(questions, 'question')}, ${count(passages, 'passage')}`,
  size: (questions: number, passages: number) => `${count(questions, 'question')}, ${count(passages, 'passage')}`,
  setHelp:
    'The general set is part of the program and is loaded when you measure. You can also take the questions and the knowledge base of another experiment.',
  measure: 'Measure base and tuned model',
  measured: 'Measured',
  working: 'Encoding the questions and passages',
  hits: (k: number, before: number, after: number, of: number) =>
    `${k === 1 ? 'The right passage comes first' : `A right passage is in the top ${k}`} for ${formatCount(before)} of ${count(of, 'question')} before training and for ${formatCount(after)} after.`,
  sentence: {
    forgot: (low: string, high: string) =>
      `The model forgot: the hit rate changed by ${low} to ${high} percentage points (95% interval), which chance hardly explains.`,
    kept: (low: string) =>
      `The model did not forget: with 95% confidence, it lost less than ${low} percentage points, and more than 5 would count.`,
    unclear: (low: string, high: string) =>
      `These questions can’t tell whether the model forgot: the hit rate changed by ${low} to ${high} percentage points (95% interval).`,
  },
  keptNothing: 'The model did not forget: with 95% confidence, the hit rate on these questions did not fall.',
  curve: (metric: string) => `${metric} on dev and on general questions, from base to tuned`,
  series: 'general',
  dev: 'dev',
  measureBlends: (n: number) => `Measure ${count(n, 'ratio')} on general questions`,
  onProbe: (metric: string) => `${metric}, general`,
};
