import type { Language } from '../../../domain/language';

export type Sentence = Record<Language, string>;

/** Returns a sentence for errors that should be impossible according to the types. */
export function unknownErrorSentence(_value: never): Sentence {
  return { zh: '出现了未知的错误，请重试。', en: 'An unknown error occurred; try again.' };
}
