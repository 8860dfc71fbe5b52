import { formatCount } from '../format';
import { count } from './count';

export const questionsTexts = {
  topic: 'Topic',
  document: 'Document',
  length: 'Length in characters',
  all: 'All',
  without: 'none stated',
  option: (name: string, n: number) => `${name} (${formatCount(n)})`,
  band: (from: number, to: number) =>
    to === Infinity ? `${formatCount(from)} or more` : `${formatCount(from)} to ${formatCount(to)}`,
  clear: 'Show all questions',
  save: {
    csv: 'Save as CSV',
    excel: 'Save for Excel',
    models: { before: 'before training', after: 'after training' },
    shown: (shown: number, all: number, part: 'dev' | 'test', k: number) =>
      `${shown === all ? 'All' : `${formatCount(shown)} of`} ${count(all, `${part} question`)}, top ${formatCount(k)}`,
    labels: 'Ranks are those that were recorded, by the imported labels.',
    table: {
      sheets: { questions: 'Questions', about: 'Which questions' },
      columns: {
        id: 'id',
        question: 'question',
        topic: 'topic',
        document: 'document',
        change: 'change',
        right: 'right passages',
      },
      ofModel: { rank: 'rank of the right passage', first: 'first passage', score: 'score of the first passage' },
      cut: '… (cut)',
    },
  },
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
    byOutcome:
      'No test and no intervals for these questions: you chose them by how they changed, and a test would only find that again.',
    untested: (stored: number) => `No test beyond the top ${stored}, because some ranks aren’t known there.`,
    decisions: (changes: number, questions: number) =>
      `You changed ${count(changes, 'label')} of ${count(questions, 'question')}. The other figures are those that the run or the comparison recorded; they do not change.`,
    unanswered: (n: number) => `Left out, because no right passage remains: ${count(n, 'question')}.`,
    inexact: (n: number) =>
      `For ${count(n, 'question')}, the rank of a right passage below the first ten is not stored: hit rates beyond the top 10 are at least these.`,
    stale: (n: number) =>
      `Without effect, because question or passage is no longer in the data: ${count(n, 'decision')}.`,
  },
  marks: {
    wrong: 'Not the answer',
    wrongLabel: (rank: string) => `Passage ${rank} is not the answer, although the data says so`,
    right: 'Also the answer',
    rightLabel: (rank: string) => `The question is also answered by passage ${rank}`,
    undo: 'Undo',
    undoLabel: (rank: string) => `Take back the decision about passage ${rank}`,
    wasRight: 'marked as not the answer',
    isRight: 'marked as an answer',
    notStored: 'The decision was not stored, because another tab has changed the experiment.',
    save: 'Save as a file',
    saveHelp: 'For the command line: locations.labelDecisions in the experiment file.',
    log: 'Label decisions',
    logHelp: 'They change figures here and in reports, but neither the imported data nor what a run recorded.',
    entry: { wrong: 'not the answer', right: 'also the answer', imported: 'taken back' },
  },
  why: {
    above: (n: number, gap: string) =>
      `Above the right passage: ${count(n, 'other')}${gap === '' ? '' : `; the first is ahead by ${gap}`}.`,
    near: 'nearly the right passage',
    nearHelp:
      'At least four fifths of the character pairs are those of a right passage. If it answers the question as well, mark it.',
    truncated: (tokens: number, max: number) =>
      `The right passage has ${count(tokens, 'token')}; the model reads the first ${formatCount(max)}.`,
    shared: 'Marked: character pairs that the question and the passage share, as in the keyword search.',
  },
};
