import { int8Codes, int8Ranges, int8Values, type Int8Ranges } from '../../../src/domain/evaluate/int8';
import { normaliseAt, type VectorForm } from '../../../src/domain/evaluate/vectorForm';
import type { Vectors } from '../../engine/retrieval/vectors';

/** Rows per piece. One array for a million vectors may be too large to allocate. */
const rowsPerPiece = 65_536;

/** Returns a view of vectors that are cut to their first dimensions and have length 1 again. */
export function cutVectors(vectors: Vectors, dimensions: number): Vectors {
  if (dimensions >= vectors.width) return vectors;
  const row = new Float32Array(vectors.width);
  const copyRow = (index: number, into: Float32Array, at: number): void => {
    vectors.copyRow(index, row, 0);
    into.set(row.subarray(0, dimensions), at);
    normaliseAt(into, at, dimensions);
  };
  return { count: vectors.count, width: dimensions, copyRow };
}

function* rowsOf(vectors: Vectors): Generator<Float32Array> {
  const row = new Float32Array(vectors.width);
  for (let index = 0; index < vectors.count; index++) {
    vectors.copyRow(index, row, 0);
    yield row;
  }
}

/** Stores vectors as int8 codes and returns a view of the values that the codes stand for. */
function quantised(vectors: Vectors): Vectors {
  const { count, width } = vectors;
  const ranges: Int8Ranges = int8Ranges(width, rowsOf(vectors));
  const pieces: Int8Array[] = [];
  for (let first = 0; first < count; first += rowsPerPiece)
    pieces.push(new Int8Array(Math.min(rowsPerPiece, count - first) * width));
  let index = 0;
  for (const row of rowsOf(vectors)) {
    const piece = pieces[Math.floor(index / rowsPerPiece)];
    if (piece) int8Codes(row, ranges, piece, (index % rowsPerPiece) * width);
    index += 1;
  }
  const copyRow = (row: number, into: Float32Array, at: number): void => {
    const piece = pieces[Math.floor(row / rowsPerPiece)];
    if (piece) int8Values(piece, ranges, { from: (row % rowsPerPiece) * width, into, at });
  };
  return { count, width, copyRow };
}

/** Returns a view of passages as they come back from storage in a form. */
export function passagesInForm(vectors: Vectors, { dimensions, numbers }: VectorForm): Vectors {
  const cut = cutVectors(vectors, dimensions);
  return numbers === 'int8' ? quantised(cut) : cut;
}
