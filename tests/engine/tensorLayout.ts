import type { StoredTensor } from '../../src/domain/modelTensors';

/** Lays tensors out one after the other, each aligned to 64 floats (256 bytes). */
export function tensorLayout(shapes: readonly { name: string; shape: number[] }[]): StoredTensor[] {
  let offset = 0;
  return shapes.map(({ name, shape }) => {
    const length = shape.reduce((product, side) => product * side, 1);
    const entry = { name, shape, offset, length };
    offset += Math.ceil(length / 64) * 64;
    return entry;
  });
}
