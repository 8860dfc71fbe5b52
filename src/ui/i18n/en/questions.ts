import { formatCount } from '../format';
import { count } from './count';

export const questionsTexts = {
  topic: 'Topic',
  document: 'Document',
  length: 'Length',
  all: 'All',
  without: 'none stated',
  option: (name: string, n: number) => `${name} (${formatCount(n)})`,
  band: (from: number, to: number) =>
    to === Infinity
      ? `${formatCount(from)} characters or more`
      : `${formatCount(from)} to ${formatCount(to)} characters`,
  clear: 'Show all questions',
  saveTable: 'Questions as CSV',
  figures: {
    title: 'Figures of the questions shown',
    correctedTitle: 'Figures with your label decisions',
    model: 'Model',
    all: (n: number) => `All ${formatCount(n)}`,
    some: (n: number) => `These ${formatCount(n)}`,
    withDecisions: 'your labels',
    hits: (hits: number, of: number) => `${formatCount(hits)} of ${formatCount(of)}`,
    means: (mrr: string, ndcg: string) => `MRR@10 ${mrr}, nDCG@10 ${ndcg}`,
    caption: (k: number) =>
      `${k === 1 ? 'Questions with the right passage first' : `Questions with a right passage in the top ${k}`}, with the 95% Wilson interval.`,
    few: (n: number, needed: string) =>
      `${count(n, 'question')}: too few to be sure${needed === '' ? '' : `; about ${needed} would do`}.`,
    hint: 'You chose these questions after you had seen results, so take this as a hint.',
    decisions: (changes: number, questions: number) =>
      `You changed ${count(changes, 'label')} of ${count(questions, 'question')}. The other figures are those that the run or the comparison recorded; they do not change.`,
    unanswered: (n: number) =>
      `${count(n, 'question')} ${n === 1 ? 'has' : 'have'} no right passage any more and ${n === 1 ? 'is' : 'are'} left out.`,
    inexact: (n: number) =>
      `For ${count(n, 'question')}, the rank of a right passage below the first ten is not stored: hit rates beyond the top 10 are at least these.`,
    stale: (n: number) =>
      `${count(n, 'decision')} ${n === 1 ? 'has' : 'have'} no effect, because the question or passage is no longer in the data.`,
  },
  marks: {
    wrong: 'Not the answer',
    wrongLabel: (rank: string) => `Passage ${rank} is not the answer, although the data says so`,
    right: 'Also the answer',
    rightLabel: (rank: string) => `Passage ${rank} answers the question too`,
    undo: 'Undo',
    undoLabel: (rank: string) => `Take back the decision about passage ${rank}`,
    wasRight: 'marked as not the answer',
    isRight: 'marked as an answer',
    notStored: 'The decision was not stored, because another tab has changed the experiment.',
    log: 'Label decisions',
    logHelp: 'They change figures here and in reports, but neither the imported data nor what a run recorded.',
    entry: { wrong: 'not the answer', right: 'also the answer', imported: 'taken back' },
  },
  why: {
    above: (n: number, gap: string) =>
      `${count(n, 'passage')} ${n === 1 ? 'ranks' : 'rank'} above the right one${gap === '' ? '' : `, the first by ${gap}`}.`,
    near: 'nearly the right passage',
    nearHelp:
      'At least four fifths of the character pairs are those of a right passage. If it answers the question as well, mark it.',
    truncated: (tokens: number, max: number) =>
      `The right passage has ${count(tokens, 'token')}; the model reads the first ${formatCount(max)}.`,
    shared: 'Marked: character pairs that the question and the passage share, as in the keyword search.',
  },
};
