import { app } from '../../state/app.svelte';
import { en, type Dictionary } from './en';
import { zh } from './zh';

const dictionaries: Record<'zh' | 'en', Dictionary> = { zh, en };

/** The texts in the page's language: read inside templates and `$derived`, so that a switch needs no reload. */
export const i18n = {
  get t(): Dictionary {
    return dictionaries[app.language];
  },
};
