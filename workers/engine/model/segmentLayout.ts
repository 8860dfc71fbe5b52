import type { StoredTensor } from '../../../src/domain/modelTensors';
import { parameterAlignmentFloats } from '../alignment';
import type { IsTrainable } from './isTrainable';
import { hasWeightDecay } from '../optimizer/weightDecay';

/** Floats per segment: 128 MiB, the binding size that WebGPU guarantees on every device. */
const segmentFloats = 2 ** 25;

/**
 * Where rows `firstRow` … `firstRow + rows − 1` of a parameter are stored. `offset` counts floats. A vector has one
 * row.
 */
export interface SegmentPlacement {
  name: string;
  segment: number;
  offset: number;
  firstRow: number;
  rows: number;
  width: number;
}

export interface SegmentLayout {
  segments: { floats: number; decayed: boolean; trainable: boolean }[];
  placements: ReadonlyMap<string, readonly SegmentPlacement[]>;
  shapes: ReadonlyMap<string, readonly number[]>;
}

/**
 * Lays parameters out in segments. Parameters with weight decay, without weight decay, and frozen ones get separate
 * segments, so that the optimizer updates a whole segment per dispatch. Query, key and value of a layer are stored
 * without a gap and form one matrix [3H, H]; every other parameter starts at an offset that can be bound. A parameter
 * larger than a segment is split by rows. Parameters for which `need` is false are frozen: they have no gradients and
 * no moments. Throws RangeError if only some of a layer's query, key and value are frozen.
 */
export function layOutSegments(
  tensors: readonly StoredTensor[],
  need: IsTrainable = () => true,
  maxFloats = segmentFloats,
): SegmentLayout {
  const segments: SegmentLayout['segments'] = [];
  const placements = new Map<string, SegmentPlacement[]>();
  const groups = [
    { trainable: true, decayed: true },
    { trainable: true, decayed: false },
    { trainable: false, decayed: false },
  ];
  for (const { trainable, decayed } of groups) {
    let current: SegmentLayout['segments'][number] | undefined;
    const open = (floats: number): SegmentLayout['segments'][number] => {
      if (current && current.floats + floats <= maxFloats) return current;
      current = { floats: 0, decayed, trainable };
      segments.push(current);
      return current;
    };
    const group = tensors.filter(
      ({ name }) => need(name) === trainable && (!trainable || hasWeightDecay(name) === decayed),
    );
    for (const block of blocks(group)) {
      if (block.length === 2) throw new RangeError('query, key and value must be trained together or not at all');
      const pieces = block.flatMap((tensor) => rowPieces(tensor, maxFloats));
      let into = open(
        pieces.length === block.length ? pieces.reduce((sum, piece) => sum + piece.rows * piece.width, 0) : maxFloats,
      );
      for (const piece of pieces) {
        if (into.floats + piece.rows * piece.width > maxFloats) into = open(maxFloats);
        const placed = { ...piece, segment: segments.indexOf(into), offset: into.floats };
        placements.set(piece.name, [...(placements.get(piece.name) ?? []), placed]);
        into.floats += piece.rows * piece.width;
      }
      into.floats = Math.ceil(into.floats / parameterAlignmentFloats) * parameterAlignmentFloats;
    }
  }
  return { segments, placements, shapes: new Map(tensors.map(({ name, shape }) => [name, shape])) };
}

/** Groups parameters to store without gaps: a layer's query, key and value together, every other one separately. */
function blocks(tensors: readonly StoredTensor[]): StoredTensor[][] {
  const found = new Map<string, StoredTensor[]>();
  for (const tensor of tensors) {
    const block = tensor.name.replace(/attention\.self\.(query|key|value)\./, 'attention.self.');
    found.set(block, [...(found.get(block) ?? []), tensor]);
  }
  return [...found.values()];
}

function rowPieces(
  { name, shape, length }: StoredTensor,
  maxFloats: number,
): Omit<SegmentPlacement, 'segment' | 'offset'>[] {
  const rows = shape.length > 1 ? (shape[0] ?? 1) : 1;
  const width = length / rows;
  const rowsInPiece = Math.max(1, Math.floor(maxFloats / width));
  const pieces: Omit<SegmentPlacement, 'segment' | 'offset'>[] = [];
  for (let firstRow = 0; firstRow < rows; firstRow += rowsInPiece)
    pieces.push({ name, firstRow, rows: Math.min(rowsInPiece, rows - firstRow), width });
  return pieces;
}
