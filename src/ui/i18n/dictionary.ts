import type { en } from './en';

export type Dictionary = typeof en;
