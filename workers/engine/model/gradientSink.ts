import type { SegmentTable } from './segmentTable';

/**
 * Destination of gradients. Parameters missing from `table` get no gradient. `accumulate` adds to the table's contents
 * instead of overwriting them.
 */
export interface GradientSink {
  table: SegmentTable;
  accumulate: boolean;
}
