import { layersAbove } from '../../../src/domain/train/trainedParameters';
import type { TrainedRange, SegmentLayout } from '../model/segmentLayout';

/** Parts of a segment that the optimizer updates at one share of the learning rate. */
export interface RatedRanges {
  share: number;
  /** Ranges of the part; absent if it is the whole segment. */
  ranges?: readonly TrainedRange[] | undefined;
}

/**
 * Returns the parts of each segment by their share of the learning rate: layerDecay to the power of the number of
 * layers above a parameter (ULMFiT, arXiv 1801.06146, section 3.2; embeddings have all layers above them). Without
 * `layerDecay`, a segment is one part. A part includes the gaps that follow its parameters, which hold zeros.
 */
export function ratedRanges(
  { segments, placements, isTrainable }: SegmentLayout,
  layers: number,
  layerDecay: number | undefined,
): RatedRanges[][] {
  if (layerDecay === undefined) return segments.map(({ ranges }) => [{ share: 1, ranges }]);
  const pieces = [...placements.values()].flat().sort((a, b) => a.offset - b.offset);
  return segments.map(({ floats, ranges = [{ first: 0, end: floats }] }, segment) => {
    const byDepth = new Map<number, TrainedRange[]>();
    for (const range of ranges) {
      let last: { depth: number; part: TrainedRange } | undefined;
      for (const { name, offset } of pieces.filter((piece) => piece.segment === segment && isTrainable(piece.name))) {
        if (offset < range.first || offset >= range.end) continue;
        const depth = layersAbove(name, layers);
        if (last?.depth === depth) continue;
        if (last) last.part.end = offset;
        last = { depth, part: { first: offset, end: range.end } };
        byDepth.set(depth, [...(byDepth.get(depth) ?? []), last.part]);
      }
    }
    return [...byDepth].map(([depth, parts]) => ({ share: layerDecay ** depth, ranges: parts }));
  });
}
