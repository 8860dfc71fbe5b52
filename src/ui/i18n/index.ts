import type { Language } from '../../domain/language';
import { app } from '../../state/app.svelte';
import { en } from './en';
import { type Dictionary } from './dictionary';
import { zh } from './zh';

const dictionaries: Record<Language, Dictionary> = { zh, en };

/** Texts in the page's language. Templates and `$derived` values that read them update when the language changes. */
export const i18n = {
  get t(): Dictionary {
    return dictionaries[app.language];
  },
};
