import { vectorsInOnePiece, type Vectors } from '../../workers/engine/retrieval/vectors';

/** Returns vectors of about unit length, the same on every call. */
export function randomVectors(count: number, width: number): Vectors {
  const values = new Float32Array(count * width);
  const scale = Math.sqrt(12 / width);
  let state = count;
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    values[i] = scale * (state / 2 ** 32 - 0.5);
  }
  return vectorsInOnePiece(values, width);
}
