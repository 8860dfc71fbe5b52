/** Numbers texts from 0 in order of appearance; equal texts get the same number. */
export function numbered(texts: Iterable<string>): Uint32Array {
  const known = new Map<string, number>();
  const numbers: number[] = [];
  for (const text of texts) {
    const number = known.get(text) ?? known.size;
    known.set(text, number);
    numbers.push(number);
  }
  return Uint32Array.from(numbers);
}
