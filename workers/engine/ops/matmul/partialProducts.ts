import { alignmentFloats } from '../../alignment';
import type { DeviceArray } from '../../arrays';
import type { Engine } from '../../engine';
import { memo } from '../../memo';
import { scratchFloats } from '../../scratch';
import type { DropoutValues } from '../dropout/dropout';
import { addPartsKernel, addPartsStride } from './addParts';
import type { Epilogue } from './epilogue';

type Arrays = Record<'y' | 'bias' | 'residual' | 'pre' | 'aSums', DeviceArray>;

export interface ProductInParts {
  epilogue: Epilogue;
  /** Length of the chunks in which the inner dimension is summed. */
  chunk: number;
  scratch: DeviceArray;
}

/**
 * Writes one partial product per chunk of the inner dimension to the scratch array. A second kernel adds them in order
 * and applies the epilogue. `dispatchParts` computes the partial products and the sums of a's columns.
 */
export function productInParts(
  engine: Engine,
  { epilogue, chunk, scratch }: ProductInParts,
  arrays: Arrays,
  { rows, columns, depth }: Record<'rows' | 'columns' | 'depth', number>,
  values: DropoutValues & { alpha: number },
  dispatchParts: (into: { y: DeviceArray; aSums: DeviceArray }, parts: number) => void,
): void {
  const parts = Math.ceil(depth / chunk);
  const products = { ...scratch, shape: [parts, rows * columns] };
  const sumsAt = Math.ceil((parts * rows * columns) / alignmentFloats) * alignmentFloats;
  const sums = { ...scratch, offset: scratch.offset + 4 * sumsAt, shape: [parts, rows] };
  if (sumsAt + parts * rows > scratchFloats) throw new RangeError(`no room for ${parts} parts of ${rows} × ${columns}`);
  dispatchParts({ y: products, aSums: sums }, parts);
  const aligned = columns % 4 === 0;
  const threads = Math.max((rows * columns) / addPartsStride(aligned), epilogue.aSums ? rows : 0);
  engine.commands.dispatch(
    addKernel({ epilogue, aligned }),
    { ...arrays, products, sums },
    { rows, columns, parts, ...values },
    Math.ceil(threads / 64),
  );
}

/**
 * Returns the epilogue of a partial product: at most the sums of a's columns. The second kernel applies the rest.
 */
export function partEpilogue({ aSums }: Epilogue): Epilogue {
  return aSums ? { aSums } : {};
}

export const addKernel = memo(({ epilogue, aligned }: { epilogue: Epilogue; aligned: boolean }) =>
  addPartsKernel(epilogue, aligned),
);
