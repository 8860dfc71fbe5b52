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

/** Floats `first` … `end − 1` of a segment. Both are multiples of four. */
export interface TrainedRange {
  first: number;
  end: number;
}

interface Segment {
  floats: number;
  decayed: boolean;
  /** Whether any of the segment's parameters is trained. */
  trainable: boolean;
  /** The trained ranges, if the segment also holds frozen parameters. Absent if all of it is trained or frozen. */
  ranges?: readonly TrainedRange[];
}

export interface SegmentLayout {
  segments: readonly Segment[];
  placements: ReadonlyMap<string, readonly SegmentPlacement[]>;
  shapes: ReadonlyMap<string, readonly number[]>;
  isTrainable: IsTrainable;
}

/**
 * Parameters that are stored without gaps. `trainedIn` says in which stages they are trained, with one digit per stage:
 * `11` for all of them together, or `10,11,11` for each.
 */
interface Block {
  tensors: StoredTensor[];
  trainedIn: string;
}

/** Lays parameters out for one stage; see `layOutStages`. */
export function layOutSegments(
  tensors: readonly StoredTensor[],
  need: IsTrainable = () => true,
  maxFloats = segmentFloats,
): SegmentLayout {
  const [layout] = layOutStages(tensors, [need], maxFloats);
  if (!layout) throw new RangeError('there is no stage');
  return layout;
}

/**
 * Lays parameters out in segments, and returns one layout per stage. The layouts have the same segments and differ only
 * in which of them are trained, so that weights do not move between stages. Parameters share segments if they are
 * trained in the same stages and all have weight decay, or all have none, so that the optimizer updates a whole segment
 * per dispatch. Query, key and value of a layer are stored without a gap and form one matrix [3H, H]; if only some of
 * them are trained, the optimizer updates only their ranges. Every other parameter starts at an offset that can be
 * bound. A parameter larger than a segment is split by rows. Parameters for which a stage's `need` is false are frozen
 * in that stage: they have no gradients and no moments, except in a matrix with trained parts.
 */
export function layOutStages(
  tensors: readonly StoredTensor[],
  needs: readonly IsTrainable[],
  maxFloats = segmentFloats,
): SegmentLayout[] {
  const segments: { floats: number; decayed: boolean; tensors: string[] }[] = [];
  const placements = new Map<string, SegmentPlacement[]>();
  const shapes = new Map(tensors.map(({ name, shape }) => [name, shape]));
  for (const { blocks, decayed } of groupsOf(tensors, needs)) {
    let current: (typeof segments)[number] | undefined;
    const open = (floats: number): (typeof segments)[number] => {
      if (current && current.floats + floats <= maxFloats) return current;
      current = { floats: 0, decayed, tensors: [] };
      segments.push(current);
      return current;
    };
    for (const block of blocks) {
      const pieces = block.tensors.flatMap((tensor) => rowPieces(tensor, maxFloats));
      const whole = pieces.length === block.tensors.length;
      let into = open(whole ? pieces.reduce((sum, piece) => sum + piece.rows * piece.width, 0) : maxFloats);
      for (const piece of pieces) {
        if (into.floats + piece.rows * piece.width > maxFloats) into = open(maxFloats);
        const placed = { ...piece, segment: segments.indexOf(into), offset: into.floats };
        placements.set(piece.name, [...(placements.get(piece.name) ?? []), placed]);
        into.tensors.push(piece.name);
        into.floats += piece.rows * piece.width;
      }
      into.floats = Math.ceil(into.floats / parameterAlignmentFloats) * parameterAlignmentFloats;
    }
  }
  return needs.map((isTrainable) => ({
    placements,
    shapes,
    isTrainable,
    segments: segments.map(({ floats, decayed, tensors: names }, segment) => {
      const trainable = names.some(isTrainable);
      if (!trainable || names.every(isTrainable)) return { floats, decayed, trainable };
      return { floats, decayed, trainable, ranges: trainedRanges(placements, segment, isTrainable) };
    }),
  }));
}

/** Groups blocks that may share a segment, in fixed order: trained before frozen, with weight decay before without. */
function groupsOf(
  tensors: readonly StoredTensor[],
  needs: readonly IsTrainable[],
): { blocks: Block[]; decayed: boolean }[] {
  const groups = new Map<string, { blocks: Block[]; decayed: boolean }>();
  for (const block of blocksOf(tensors, needs)) {
    const decayed = block.trainedIn.includes('1') && block.tensors.every(({ name }) => hasWeightDecay(name));
    const key = `${block.trainedIn} ${decayed ? 1 : 0}`;
    const group = groups.get(key) ?? { blocks: [], decayed };
    group.blocks.push(block);
    groups.set(key, group);
  }
  return [...groups].sort(([a], [b]) => (a < b ? 1 : -1)).map(([, group]) => group);
}

/** Returns the matrix that a parameter is part of: that of query, key and value, or the parameter itself. */
function blockName(name: string): string {
  return name.replace(/^(encoder\..+\.attention\.self\.)(?:query|key|value)\./, '$1');
}

/** Groups parameters to store without gaps: a layer's query, key and value together, every other one separately. */
function blocksOf(tensors: readonly StoredTensor[], needs: readonly IsTrainable[]): Block[] {
  const found = new Map<string, StoredTensor[]>();
  for (const tensor of tensors) {
    const block = blockName(tensor.name);
    found.set(block, [...(found.get(block) ?? []), tensor]);
  }
  return [...found.values()].map((block) => {
    const trainedIn = block.map(({ name }) => needs.map((need) => (need(name) ? 1 : 0)).join(''));
    const [first = ''] = trainedIn;
    return { tensors: block, trainedIn: trainedIn.every((one) => one === first) ? first : trainedIn.join(',') };
  });
}

/**
 * Returns the trained ranges of a segment, in order. Throws RangeError if one does not start or end at a multiple of
 * four, which happens only if the hidden size is not a multiple of four.
 */
function trainedRanges(
  placements: ReadonlyMap<string, readonly SegmentPlacement[]>,
  segment: number,
  isTrainable: IsTrainable,
): TrainedRange[] {
  const trained = [...placements.values()]
    .flat()
    .filter((piece) => piece.segment === segment && isTrainable(piece.name));
  const ranges: TrainedRange[] = [];
  for (const { offset, rows, width } of trained.sort((a, b) => a.offset - b.offset)) {
    const [end, last] = [offset + rows * width, ranges.at(-1)];
    if (offset % 4 !== 0 || end % 4 !== 0)
      throw new RangeError('only some of query, key and value are trained: the hidden size must be a multiple of four');
    if (last?.end === offset) last.end = end;
    else ranges.push({ first: offset, end });
  }
  return ranges;
}

/**
 * Returns the number of floats in a table of gradients or of a moment: the trained parameters, and the frozen parts of
 * matrices that also have trained parts.
 */
export function trainedTableFloats(tensors: readonly StoredTensor[], isTrainable: IsTrainable): number {
  const matrices = new Set(tensors.filter(({ name }) => isTrainable(name)).map(({ name }) => blockName(name)));
  return tensors.reduce((sum, { name, length }) => sum + (matrices.has(blockName(name)) ? length : 0), 0);
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
