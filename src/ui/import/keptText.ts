import type { Dataset } from '../../domain/records';
import type { Dictionary } from '../i18n/dictionary';

/**
 * Returns the names of a data set's kept columns, each with its number of values, or an empty text if there are none.
 */
export function keptText(t: Dictionary['import']['columns'], { role, kept }: Dataset): string {
  const labels: Record<string, string> = t.fields[role];
  const fields = (kept?.fields ?? []).map(({ field, values, rows }) => t.keptOf(labels[field] ?? field, values, rows));
  return fields.length > 0 ? t.kept(fields.join(t.list)) : '';
}
