import { formatCount } from '../format';
import { count } from './count';

export const tokenizeTexts = {
  title: 'From text to tokens',
  run: 'Tokenize now',
  auto: 'This happens automatically before a run. Tokenize now to see the lengths first.',
  done: 'Tokenized. The lengths of the texts are below.',
  working: 'Tokenizing…',
  truncated: (n: number, of: number) => `Too long and cut off: ${formatCount(n)} of ${count(of, 'text')}.`,
  noneTruncated: 'No text is cut off.',
  lengths: 'Length in tokens',
  texts: 'texts',
  median: 'Median',
  p95: '95th percentile',
  longest: 'Longest',
  cutAt: 'cut at',
  sets: {
    anchors: 'Questions of the pairs',
    positives: 'Passages of the pairs',
    sentences1: 'First sentences of the scored pairs',
    sentences2: 'Second sentences of the scored pairs',
    knowledgeBase: 'Knowledge base',
    devQuestions: 'Dev questions',
    testQuestions: 'Test questions',
  },
};
