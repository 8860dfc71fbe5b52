/** Prepares a name for quoting in a sentence: a missing one becomes “?”, a long one is cut at `limit` characters. */
export function shortened(text: string | undefined, limit = 160): string {
  if (!text) return '?';
  return text.length > limit ? `${text.slice(0, limit)} …` : text;
}
