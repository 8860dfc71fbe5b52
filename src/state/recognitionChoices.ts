import type { ColumnMapping } from '../domain/import/mapping';
import { parseMappings, parseReadings, withChoices } from '../domain/import/mappingStore';
import { remember, remembered } from './localChoices';

/** What the user corrects. Null takes back what was chosen before. */
export interface RecognitionChanges {
  /** By shape. */
  mappings: Readonly<Record<string, ColumnMapping | null>>;
  /** Encodings and sheets, by reading key. */
  readings: Readonly<Record<string, string | null>>;
}
export const noChanges: RecognitionChanges = { mappings: {}, readings: {} };
const mappingsKey = 'columns';
const readingsKey = 'readings';

/** Returns what is remembered, with the changes. */
export function choicesWith({ mappings, readings }: RecognitionChanges) {
  return {
    mappings: withChoices(parseMappings(remembered(mappingsKey)), mappings),
    readings: withChoices(parseReadings(remembered(readingsKey)), readings),
  };
}

/** Remembers choices for files that look alike. */
export function rememberChoices({ mappings, readings }: ReturnType<typeof choicesWith>): void {
  remember(mappingsKey, JSON.stringify(mappings));
  remember(readingsKey, JSON.stringify(readings));
}
