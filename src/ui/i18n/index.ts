import { app } from '../../state/app.svelte';
import { en, type Dictionary } from './en';
import { zh } from './zh';

const dictionaries: Record<'zh' | 'en', Dictionary> = { zh, en };

/** The texts in the page's language. Read in templates and `$derived`, they follow the language without a reload. */
export const i18n = {
  get t(): Dictionary {
    return dictionaries[app.language];
  },
};
