import type { PairRow } from '../../domain/evaluate/pairTable';
import type { Dictionary } from '../i18n/dictionary';
import { formatP } from '../i18n/format';

/** Formats a correlation with three decimals and a true minus sign. */
export const correlationText = (value: number): string => value.toFixed(3).replace('-', '−');

/**
 * Returns the sentences that say which model follows the labels best and whether it is shown to be better than the
 * baseline. Null if no correlation is defined.
 */
export function pairsAnswerText(
  t: Dictionary['compare']['pairs'],
  rows: readonly PairRow[],
  baselineId: string | null,
  { pairs, nameOf }: { pairs: number; nameOf: (id: string) => string },
): string | null {
  const known = rows.filter(({ spearman }) => spearman.value !== null);
  const valueOf = (row: PairRow): number => row.spearman.value ?? -1;
  const [best] = [...known].sort((a, b) => valueOf(b) - valueOf(a));
  if (!best) return null;
  const base = known.find(({ id }) => id === baselineId);
  const shown = (row: PairRow): string => correlationText(valueOf(row));
  if (!base || known.length === 1) return t.only(nameOf(best.id), shown(best), pairs);
  if (best === base) return `${t.best(nameOf(best.id), shown(best), pairs)}${t.baselineBest}`;
  const { baseline } = best.spearman;
  const p = baseline?.adjusted ?? null;
  const verdict =
    p === null ? t.untested : baseline?.verdict === 'better' ? t.better(formatP(p)) : t.notShown(formatP(p));
  return `${t.best(nameOf(best.id), shown(best), pairs)}${t.against(nameOf(base.id), shown(base))}${verdict}`;
}
