import { lowerMedian, rowsOf, times } from './figures.mjs';

/** Returns a row that compares steps with frozen layers with those of all layers. */
export function frozenAgainstFull({ ours, peer, dispatches, threads }) {
  const ratio = lowerMedian(ours) / lowerMedian(peer);
  return {
    figure: `step, embeddings and lower 6 of 12 layers frozen, wasm (${threads} threads), vs all trained`,
    ours: `${lowerMedian(ours).toFixed(0)} ms, ${dispatches.ours} dispatches`,
    peer: `${lowerMedian(peer).toFixed(0)} ms, ${dispatches.peer} dispatches`,
    ratio: times(ratio),
    bar: '≤ 0.75×',
    met: ratio <= 0.75 && dispatches.ours <= 0.75 * dispatches.peer,
    detail: { ours, peer, dispatches },
  };
}

/** Reads 2,000 questions with their passages, half of them from CMRC and half from CSL, and all passages of both. */
export function miningTask() {
  const cmrc = rowsOf('cmrc_passages.jsonl');
  const csl = rowsOf('csl_title_abstract.jsonl');
  const textOf = new Map(cmrc.map(({ pid, text }) => [pid, text]));
  const questions = rowsOf('cmrc_questions.jsonl').slice(0, 1000);
  return {
    passages: [...new Set([...cmrc.map(({ text }) => text), ...csl.map(({ pos }) => pos)])],
    pairs: [
      ...questions.map(({ query, pid }) => ({ anchor: query, positive: textOf.get(pid) ?? '' })),
      ...csl.slice(0, 1000).map(({ query, pos }) => ({ anchor: query, positive: pos })),
    ],
    perAnchor: 5,
    maxTokens: 128,
  };
}

/** Returns a row for a time limit on mining, which must also find the same negatives as a naive search. */
export function minedWithin({ ms, pairs, passages, ranks, compared, differing, refilled }, minutes) {
  return {
    figure: `mining 5 negatives for ${pairs} questions in ${passages} passages, demo-zh, wasm, equal to a naive search`,
    ours: `${(ms / 1000).toFixed(0)} s`,
    peer: `${differing} of ${5 * compared} differ`,
    bar: `≤ ${minutes} min`,
    met: ms <= minutes * 60_000 && differing === 0 && compared > 0,
    detail: { ms, ranks, compared, differing, refilled },
  };
}
