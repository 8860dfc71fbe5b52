import { AppError } from '../../../src/domain/errors';
import { type DeviceArray, arrayLength, rangeOf } from '../arrays';
import type { Engine } from '../engine';
import type { EmbeddingPiece } from '../ops/embedding/embedding';
import type { SegmentLayout, SegmentPlacement } from './segmentLayout';

/**
 * A table on the device with one float per parameter element: weights, gradients or a moment. Stored in segments;
 * starts as zeros.
 */
export class SegmentTable {
  readonly #arrays: (DeviceArray | undefined)[];

  constructor(
    readonly engine: Engine,
    readonly layout: SegmentLayout,
    kind: 'all' | 'trainable' = 'all',
  ) {
    this.#arrays = layout.segments.map(({ floats, trainable }) => {
      if (kind === 'trainable' && !trainable) return undefined;
      const array = engine.pool.allocate([floats]);
      engine.commands.clear(array);
      return array;
    });
  }

  /** One array per segment; undefined for segments that the table leaves out. */
  get arrays(): readonly (DeviceArray | undefined)[] {
    return this.#arrays;
  }

  /** Exchanges arrays with another table that has some of the same segments. Copies nothing. */
  exchange(other: SegmentTable): void {
    for (const [segment, array] of other.#arrays.entries()) {
      if (!array) continue;
      other.#arrays[segment] = this.#arrays[segment];
      this.#arrays[segment] = array;
    }
  }

  /**
   * Returns a view that starts at a parameter and has the given shape, which may extend over the parameters stored
   * right after it. Throws RangeError if the parameter spans several segments.
   */
  view(name: string, shape: readonly number[]): DeviceArray {
    return { ...this.#array(this.placeOf(name)), shape };
  }

  /** Returns where a parameter is stored. Throws RangeError if it spans several segments. */
  placeOf(name: string): SegmentPlacement {
    const [piece, second] = this.#placements(name);
    if (!piece || second) throw new RangeError(`${name} spans several segments`);
    return piece;
  }

  /** Returns the rows of an embedding table, one piece per segment that holds some of them. */
  pieces(name: string): EmbeddingPiece[] {
    return this.#placements(name).map((piece) => ({
      array: { ...this.#array(piece), shape: [piece.rows, piece.width] },
      firstRow: piece.firstRow,
      rows: piece.rows,
    }));
  }

  /** Whether this table holds the parameter. */
  has(name: string): boolean {
    const placements = this.layout.placements.get(name);
    return placements?.every(({ segment }) => this.arrays[segment] !== undefined) ?? false;
  }

  /** Overwrites a parameter. Throws `model-invalid` if the number of values does not match the shape. */
  write(name: string, values: Float32Array): void {
    const placements = this.#placements(name);
    const length = placements.reduce((sum, { rows, width }) => sum + rows * width, 0);
    if (values.length !== length) {
      const [expected, found] = [String(length), String(values.length)];
      throw new AppError({
        kind: 'model-invalid',
        file: 'model.safetensors',
        fault: 'tensor-shape',
        tensor: name,
        expected,
        found,
      });
    }
    for (const piece of placements) {
      const from = piece.firstRow * piece.width;
      const part = new Float32Array(values.subarray(from, from + piece.rows * piece.width));
      this.engine.commands.write({ ...this.#array(piece), shape: [part.length] }, part);
    }
  }

  /** Reads one parameter. GPU→CPU sync. */
  async read(name: string): Promise<Float32Array> {
    const placements = this.#placements(name);
    const values = new Float32Array(placements.reduce((sum, { rows, width }) => sum + rows * width, 0));
    for (const piece of placements) {
      const part = { ...this.#array(piece), shape: [piece.rows * piece.width] };
      values.set(await this.engine.commands.read(part), piece.firstRow * piece.width); // GPU→CPU sync
    }
    return values;
  }

  /** Returns the parameter that owns element `at` of a segment, or undefined for the gaps between parameters. */
  ownerOf(segment: number, at: number): string | undefined {
    for (const pieces of this.layout.placements.values())
      for (const piece of pieces)
        if (piece.segment === segment && at >= piece.offset && at < piece.offset + piece.rows * piece.width)
          return piece.name;
    return undefined;
  }

  /** Sets the frozen parts of segments that also have trained parts to zero. */
  clearFrozen(): void {
    for (const [segment, { floats, ranges }] of this.layout.segments.entries()) {
      const array = this.arrays[segment];
      if (!array || !ranges) continue;
      let at = 0;
      for (const { first, end } of [...ranges, { first: floats, end: floats }]) {
        if (first > at) this.engine.commands.clear(rangeOf(array, at, first));
        at = end;
      }
    }
  }

  dispose(): void {
    for (const array of this.arrays) if (array) this.engine.pool.free(array);
  }

  #placements(name: string): readonly SegmentPlacement[] {
    const found = this.layout.placements.get(name);
    if (!found)
      throw new AppError({ kind: 'model-invalid', file: 'model.safetensors', fault: 'tensor-missing', tensor: name });
    return found;
  }

  #array({ segment, offset, rows, width }: SegmentPlacement): DeviceArray {
    const array = this.arrays[segment];
    if (!array) throw new RangeError(`the table leaves out segment ${segment}`);
    return { buffer: array.buffer, offset: array.offset + offset * 4, shape: [arrayLength([rows, width])] };
  }
}

/** Returns the table's array for each segment, or undefined for frozen segments. */
export function trainedSegmentArrays(table: SegmentTable, trained: SegmentTable): (DeviceArray | undefined)[] {
  return table.arrays.map((array, segment) => (trained.arrays[segment] ? array : undefined));
}
