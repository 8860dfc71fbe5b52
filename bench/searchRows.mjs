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

/** Returns rows for exact searches over synthetic vectors, and for the memory of one in pieces. */
export async function searchedWithin(search) {
  const task = { backend: 'wasm', passages: 100_000, width: 512, questions: 100, rounds: 3, inPieces: false };
  const wasm = await search(task);
  const gpu = await search({ ...task, backend: 'webgpu', rounds: 1 });
  const million = { ...task, passages: 1_000_000, width: 384, questions: 1, inPieces: true };
  const pieces = await search(million);
  const seconds = (times) => lowerMedian(times) / 1000;
  const differing = wasm.found.filter((top, i) => top.join() !== gpu.found[i].join()).length;
  return [
    {
      figure: 'exact search, 100,000 × 512, 100 questions, wasm',
      ours: `${seconds(wasm.times).toFixed(2)} s`,
      peer: '–',
      bar: '≤ 3 s',
      met: seconds(wasm.times) <= 3,
      detail: { times: wasm.times },
    },
    {
      figure: 'the same search on WebGPU: questions whose first ten passages differ from those of wasm',
      ours: `${differing} of ${wasm.found.length}`,
      peer: '–',
      bar: '0',
      met: differing === 0,
      detail: { times: gpu.times },
    },
    {
      figure: 'exact search, 1,000,000 × 384 in pieces, 1 question, wasm: vectors and arrays held at most',
      ours: `${(pieces.bytes / 1e6).toFixed(0)} MB (${seconds(pieces.times).toFixed(2)} s)`,
      peer: '–',
      bar: '≤ 600 MB',
      met: pieces.bytes <= 600_000_000,
      detail: { times: pieces.times, bytes: pieces.bytes },
    },
  ];
}
