import { formatCount } from '../format';
import { count } from './count';

export const playgroundTexts = {
  title: 'Try questions',
  intro: 'Type a question. Both sides answer as you type.',
  introDemo:
    'A pig-farming knowledge base, in Chinese. The small model is not trained on it; beside it is a keyword search.',
  back: 'Back to the experiment',
  home: 'Back to the start',
  question: 'Question',
  placeholder: 'Ask in everyday words',
  side: { left: 'Model on the left', right: 'Model on the right' },
  took: (ms: string, passages: number) => `${ms} ms for both, over ${count(passages, 'passage')}`,
  nothing: 'No passage shares a word with the question.',
  notEncoded: (passages: number) =>
    `The ${count(passages, 'passage')} are not encoded with this model yet. They are encoded once, and the vectors are kept.`,
  encode: 'Encode the passages',
  loading: 'Loading the demo',
  encodingPhase: 'Encoding passages',
  encoding: (done: string, of: string) => `Encoding passages: ${done} of ${of}`,
  threshold: (value: string) => `Below ${value}, this model’s threshold answers “nothing found”.`,
  below: 'below the threshold',
  markRight: 'Right',
  markWrong: 'Wrong',
  markRightLabel: (rank: number) => `Passage ${formatCount(rank)} is right`,
  markWrongLabel: (rank: number) => `Passage ${formatCount(rank)} is wrong`,
  marksHelp:
    'Marking a passage makes this a review question. It is stored with the experiment at once, and is part of neither dev nor test.',
  review: 'Review questions',
  reviewCount: (n: number) => count(n, 'question'),
  reviewHelp:
    'They change no result. To test on them, save them as a file and import it as test questions, together with those that you have: a new test set starts new results.',
  reviewRow: (right: number, wrong: number) => `${formatCount(right)} right, ${formatCount(wrong)} wrong`,
  save: 'Save as a file of questions',
  notSaved: (n: number) =>
    `${count(n, 'question')} without a passage marked right ${n === 1 ? 'is' : 'are'} left out of the file.`,
  notStored: 'The mark was not stored, because another tab has changed the experiment.',
};
