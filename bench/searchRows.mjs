import { lowerMedian, rowsOf } from './figures.mjs';

/** The playground's delay after a key; see `src/state/playground.svelte.ts`. */
const debounceMs = 40;
/** Roughly the length of the demo's passages. */
const charactersPerPassage = 90;

/** Reads 12,000 distinct passages, cut from CMRC, and `count` questions. */
export function searchingTask(count) {
  const all = rowsOf('cmrc_passages.jsonl')
    .concat(rowsOf('t2_sample_passages.jsonl'))
    .map(({ text }) => text)
    .join('');
  const passages = Array.from({ length: 12_000 }, (_, i) => {
    const begin = Math.floor((i * (all.length - charactersPerPassage)) / 12_000);
    return all.slice(begin, begin + charactersPerPassage);
  });
  const questions = rowsOf('cmrc_questions.jsonl').slice(0, count);
  return { passages, questions: questions.map(({ query }) => query) };
}

/** Returns rows for the time from the last key to the results. */
export function answeredWithin({ model, both }, ms) {
  const row = (name, times) => ({
    figure: `playground, last key to results, 12,000 passages, demo-zh, wasm, ${name}`,
    ours: `${(debounceMs + lowerMedian(times)).toFixed(0)} ms`,
    peer: '–',
    bar: `≤ ${ms} ms`,
    met: debounceMs + lowerMedian(times) <= ms,
    detail: { debounceMs, times },
  });
  return [row('one model', model), row('beside BM25', both)];
}

/** Returns a row for the time of the keyword search. */
export function keywordsWithin(ms, seconds) {
  return {
    figure: 'BM25, 12,000 passages of 90 characters indexed and 400 questions answered',
    ours: `${(ms / 1000).toFixed(2)} s`,
    peer: '–',
    bar: `≤ ${seconds} s`,
    met: ms <= seconds * 1000,
    detail: { ms },
  };
}
