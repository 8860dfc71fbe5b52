/** Returns a generator of reproducible numbers in [0, 1) (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Returns generators of reproducible integers and of arrays of numbers in [-1, 1). */
export function randomDraws(seed: number) {
  const random = seededRandom(seed);
  return {
    random,
    between: (low: number, high: number): number => low + Math.floor(random() * (high - low + 1)),
    draw: (...shape: number[]): Float32Array<ArrayBuffer> =>
      Float32Array.from({ length: shape.reduce((product, side) => product * side, 1) }, () => 2 * random() - 1),
  };
}
