export type Language = 'zh' | 'en';
export type Sentence = Record<Language, string>;

/** The sentence for a value that the types rule out. */
export function never(_value: never): Sentence {
  return { zh: '出现了未知的错误，请重试。', en: 'An unknown error occurred; try again.' };
}

/** Prepares a name for quoting in a sentence: a missing one becomes “?”, a long one is cut at `limit` characters. */
export function short(text: string | undefined, limit = 160): string {
  if (!text) return '?';
  return text.length > limit ? `${text.slice(0, limit)} …` : text;
}

/** A count that a report holds as text, with its noun: “1 row”, “2 rows”. */
export function many(count: string | undefined, noun: string): string {
  return `${short(count)} ${count === '1' ? noun : `${noun}s`}`;
}
