import type { ColumnMapping } from '../domain/import/mapping';
import { parseMappings, parseReadings, withChoices } from '../domain/import/mappingStore';
import { remember, remembered } from './localChoices';

/** The user's corrections. Null removes an earlier choice. */
interface RecognitionChanges {
  /** Mappings of columns, by the shape of the files. */
  mappings: Readonly<Record<string, ColumnMapping | null>>;
  /** Encodings and sheets, by reading key. */
  readings: Readonly<Record<string, string | null>>;
}
export const noChanges: RecognitionChanges = { mappings: {}, readings: {} };
const mappingsKey = 'columns';
const readingsKey = 'readings';

/** Returns the remembered choices with the changes applied. */
export function choicesWith({ mappings, readings }: RecognitionChanges) {
  return {
    mappings: withChoices(parseMappings(remembered(mappingsKey)), mappings),
    readings: withChoices(parseReadings(remembered(readingsKey)), readings),
  };
}

/** Remembers the choices for similar files. */
export function rememberChoices({ mappings, readings }: ReturnType<typeof choicesWith>): void {
  remember(mappingsKey, JSON.stringify(mappings));
  remember(readingsKey, JSON.stringify(readings));
}
