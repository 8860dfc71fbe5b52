import type { Language } from '../../../domain/language';

export type Sentence = Record<Language, string>;

/** Returns the sentence for an error that the types rule out. */
export function unknownErrorSentence(_value: never): Sentence {
  return { zh: '出现了未知的错误，请重试。', en: 'An unknown error occurred; try again.' };
}
