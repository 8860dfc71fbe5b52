import { sha256Hex } from '../hash';
import type { DataRole } from '../records';
import type { CsvDelimiter } from './csv';
import type { TextEncodingName } from './encoding';
import type { ColumnMapping } from './mapping';
import type { TextFormat } from './format';

/** The user's settings for reading one file. A setting that is missing is recognised from the file. */
export interface FileReading {
  encoding?: TextEncodingName;
  /** The sheet to read; only for workbooks. */
  sheet?: string;
  /** The separator of a file that is to be read as CSV. */
  delimiter?: CsvDelimiter;
  mapping?: ColumnMapping;
}

/** Encodings and sheets chosen earlier, by the reading key of the files that they apply to. */
export type RememberedReadings = Readonly<Record<string, string>>;

/** Identifies workbooks with the same sheets: a sheet chosen for one of them applies to all. */
export const sheetKey = (role: DataRole, sheets: readonly string[]): string => JSON.stringify(['sheet', role, sheets]);

/** Maximum number of field names in a reading key. */
const mostNames = 200;

/** Returns the column names at the start of a file, which files of the same shape have in common. */
function layoutOf(format: TextFormat, head: string): string {
  switch (format) {
    case 'csv':
      return head.split(/\r\n|\n|\r/, 1)[0] ?? '';
    case 'jsonl':
    case 'json':
    case 'literal': {
      const names = new Set<string>();
      for (const [, name = ''] of head.matchAll(/["']([^"'\n]{1,200})["']\s*:/g))
        if (names.size < mostNames) names.add(name);
      return JSON.stringify([...names].sort());
    }
    case 'txt':
    case 'markdown':
    case 'trecQrels':
      return '';
    default:
      return format satisfies never;
  }
}

/**
 * Identifies text files that look alike before an encoding is chosen: same role, format, column names and recognised
 * encoding. A wrong encoding garbles the names, but in the same way in all such files. `detected` is part of the key,
 * so that a choice for GB18030 files never applies to UTF-8 files with the same columns.
 */
export async function encodingKey(
  role: DataRole,
  format: TextFormat,
  detected: TextEncodingName | null,
  head: string,
): Promise<string> {
  return `encoding ${await sha256Hex(JSON.stringify([role, format, detected, layoutOf(format, head)]))}`;
}

/** Returns the columns of each field, as `locations` of an experiment file states them. */
export function columnsByField(mapping: ColumnMapping): Record<string, string | string[]> {
  const byField = new Map<string, string[]>();
  for (const { column, field } of mapping) byField.set(field, [...(byField.get(field) ?? []), column]);
  return Object.fromEntries(
    [...byField].map(([field, columns]) => [field, columns.length > 1 ? columns : (columns[0] ?? '')]),
  );
}
