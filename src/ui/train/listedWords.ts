/** Splits a typed list at commas, and leaves out empty entries. */
export function listedWords(text: string): string[] {
  return text
    .split(/[,，、]/)
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
