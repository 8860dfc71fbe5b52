/** A language of the page, of its error sentences and of the texts that it writes. */
export type Language = 'zh' | 'en';
