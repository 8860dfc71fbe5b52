import type { ImportFault } from '../errors';

/** Why a record cannot be used. The meaning of `field` and `expected` depends on the fault. */
export interface RecordFault {
  fault: ImportFault;
  field?: string;
  expected?: string;
}

/**
 * A record of a file. `line` counts from 1; a record of several lines has the line on which it begins. A note on the
 * whole file has line 0.
 */
export type RawRecord = { line: number; value: unknown } | ({ line: number } & RecordFault);

/** A streaming reader. Takes text in pieces that may be cut anywhere, and returns the records completed so far. */
export interface RecordReader {
  push(text: string): RawRecord[];
  end(): RawRecord[];
}
