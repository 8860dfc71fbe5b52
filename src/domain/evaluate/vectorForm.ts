/** A form in which vectors can be stored: how many of their dimensions, and in which numbers. */
export interface VectorForm {
  dimensions: number;
  numbers: 'float32' | 'int8';
}

/** Lengths that vectors are cut to, as models trained with Matryoshka loss are used. */
const cuts = [64, 128, 256] as const;

/** Lists the forms that are compared for vectors of `width` numbers; the first one is the whole vector. */
export function vectorForms(width: number): VectorForm[] {
  const lengths = [width, ...[...cuts].reverse().filter((cut) => cut < width)];
  return lengths.flatMap((dimensions) => [
    { dimensions, numbers: 'float32' as const },
    { dimensions, numbers: 'int8' as const },
  ]);
}

/** Bytes of one vector. The ranges of int8 are kept once for all vectors. */
export function bytesPerVector({ dimensions, numbers }: VectorForm): number {
  return dimensions * (numbers === 'int8' ? 1 : 4);
}

/** Scales the numbers [E] at `at` to length 1, as a cut vector must be; zeros stay zeros. */
export function normaliseAt(values: Float32Array, at: number, width: number): void {
  let squares = 0;
  for (let i = at; i < at + width; i++) squares += (values[i] ?? 0) ** 2;
  if (squares === 0) return;
  const length = Math.sqrt(squares);
  for (let i = at; i < at + width; i++) values[i] = (values[i] ?? 0) / length;
}
