import type { TensorEntry } from '../../../src/domain/model';
import { AppError } from '../../../src/domain/errors';
import { lengthOf, type DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import type { TablePiece } from '../ops/embedding/embedding';
import { isDecayed, type Need } from './names';

/** Floats per segment: 128 MiB, the binding size that WebGPU guarantees on every device. */
const segmentFloats = 2 ** 25;
/** Binding offsets must be multiples of 256 bytes. */
const alignmentFloats = 64;

/** Where rows firstRow .. firstRow + rows of a parameter are stored. `offset` counts floats. A vector has one row. */
export interface Placement {
  name: string;
  segment: number;
  offset: number;
  firstRow: number;
  rows: number;
  width: number;
}

export interface SegmentLayout {
  segments: { floats: number; decayed: boolean; trainable: boolean }[];
  placements: ReadonlyMap<string, readonly Placement[]>;
  shapes: ReadonlyMap<string, readonly number[]>;
}

/**
 * Lays parameters out in segments. Parameters with weight decay, without it, and frozen ones get separate segments, so
 * the optimizer updates a whole segment per dispatch. Query, key and value of a layer are stored without a gap and form
 * one matrix [3H, H]; every other parameter starts where a binding may. A parameter larger than a segment is split by
 * rows. Parameters for which `need` is false are frozen: they have no gradients and no moments. Throws RangeError if
 * only some of a layer's query, key and value are frozen.
 */
export function layOutSegments(
  tensors: readonly TensorEntry[],
  need: Need = () => true,
  largest = segmentFloats,
): SegmentLayout {
  const segments: SegmentLayout['segments'] = [];
  const placements = new Map<string, Placement[]>();
  const groups = [
    { trainable: true, decayed: true },
    { trainable: true, decayed: false },
    { trainable: false, decayed: false },
  ];
  for (const { trainable, decayed } of groups) {
    let current: SegmentLayout['segments'][number] | undefined;
    const open = (floats: number): SegmentLayout['segments'][number] => {
      if (current && current.floats + floats <= largest) return current;
      current = { floats: 0, decayed, trainable };
      segments.push(current);
      return current;
    };
    const group = tensors.filter(({ name }) => need(name) === trainable && (!trainable || isDecayed(name) === decayed));
    for (const block of blocks(group)) {
      if (block.length === 2) throw new RangeError('query, key and value must be trained together or not at all');
      const pieces = block.flatMap((tensor) => rowPieces(tensor, largest));
      let into = open(
        pieces.length === block.length ? pieces.reduce((sum, piece) => sum + piece.rows * piece.width, 0) : largest,
      );
      for (const piece of pieces) {
        if (into.floats + piece.rows * piece.width > largest) into = open(largest);
        const placed = { ...piece, segment: segments.indexOf(into), offset: into.floats };
        placements.set(piece.name, [...(placements.get(piece.name) ?? []), placed]);
        into.floats += piece.rows * piece.width;
      }
      into.floats = Math.ceil(into.floats / alignmentFloats) * alignmentFloats;
    }
  }
  return { segments, placements, shapes: new Map(tensors.map(({ name, shape }) => [name, shape])) };
}

/** Groups parameters to store without gaps: a layer's query, key and value together, every other one separately. */
function blocks(tensors: readonly TensorEntry[]): TensorEntry[][] {
  const found = new Map<string, TensorEntry[]>();
  for (const tensor of tensors) {
    const block = tensor.name.replace(/attention\.self\.(query|key|value)\./, 'attention.self.');
    found.set(block, [...(found.get(block) ?? []), tensor]);
  }
  return [...found.values()];
}

function rowPieces({ name, shape, length }: TensorEntry, largest: number): Omit<Placement, 'segment' | 'offset'>[] {
  const rows = shape.length > 1 ? (shape[0] ?? 1) : 1;
  const width = length / rows;
  const rowsInPiece = Math.max(1, Math.floor(largest / width));
  const pieces: Omit<Placement, 'segment' | 'offset'>[] = [];
  for (let firstRow = 0; firstRow < rows; firstRow += rowsInPiece)
    pieces.push({ name, firstRow, rows: Math.min(rowsInPiece, rows - firstRow), width });
  return pieces;
}

/**
 * A table on the device with one float per parameter element: weights, gradients or a moment. Stored in segments;
 * starts as zeros.
 */
export class SegmentTable {
  /** One array per segment; undefined for a segment that the table leaves out. */
  readonly arrays: readonly (DeviceArray | undefined)[];

  constructor(
    readonly engine: Engine,
    readonly layout: SegmentLayout,
    kind: 'all' | 'trainable' = 'all',
  ) {
    this.arrays = layout.segments.map(({ floats, trainable }) => {
      if (kind === 'trainable' && !trainable) return undefined;
      const array = engine.pool.allocate([floats]);
      engine.commands.clear(array);
      return array;
    });
  }

  /**
   * Returns a view that starts at a parameter and has the given shape; it may extend over parameters stored right after
   * it. Throws RangeError if the parameter spans several segments.
   */
  view(name: string, shape: readonly number[]): DeviceArray {
    const [piece, second] = this.#placements(name);
    if (!piece || second) throw new RangeError(`${name} spans several segments`);
    return { ...this.#array(piece), shape };
  }

  /** Returns the rows of a table parameter, one piece per segment that holds some of them. */
  pieces(name: string): TablePiece[] {
    return this.#placements(name).map((piece) => ({
      array: { ...this.#array(piece), shape: [piece.rows, piece.width] },
      firstRow: piece.firstRow,
      rows: piece.rows,
    }));
  }

  /** Whether this table holds the parameter. */
  has(name: string): boolean {
    return this.#placements(name).every(({ segment }) => this.arrays[segment] !== undefined);
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

  dispose(): void {
    for (const array of this.arrays) if (array) this.engine.pool.free(array);
  }

  #placements(name: string): readonly Placement[] {
    const found = this.layout.placements.get(name);
    if (!found)
      throw new AppError({ kind: 'model-invalid', file: 'model.safetensors', fault: 'tensor-missing', tensor: name });
    return found;
  }

  #array({ segment, offset, rows, width }: Placement): DeviceArray {
    const array = this.arrays[segment];
    if (!array) throw new RangeError(`the table leaves out segment ${segment}`);
    return { buffer: array.buffer, offset: array.offset + offset * 4, shape: [lengthOf([rows, width])] };
  }
}
