import { metricId } from '../../domain/evaluate/comparedMetric';
import type { CompareRow, Difference } from '../../domain/evaluate/compareTable';
import type { Dictionary } from '../i18n/dictionary';
import { formatCount, formatP } from '../i18n/format';

/** The sentences about the best model of a comparison. */
export interface CompareAnswerText {
  title: string;
  /** How to read the difference to the baseline, or why there is none. */
  verdict: string;
  /** About how many questions would show the difference; empty if it is shown already. */
  needed: string;
  corrected: string;
  difference: Difference | null;
}

/** Writes which model answers most questions, and whether it is shown to be better than the baseline. */
export function compareAnswerText(
  t: Dictionary['compare']['answer'],
  rows: readonly CompareRow[],
  baselineId: string | null,
  { k, nameOf }: { k: number; nameOf: (id: string) => string },
): CompareAnswerText | null {
  const id = metricId({ name: 'hitRate', k });
  const hits = rows.flatMap(({ id: row, questions, cells }) => {
    const cell = cells[id];
    return cell ? [{ id: row, questions, hits: Math.round(cell.value * questions), difference: cell.baseline }] : [];
  });
  const base = hits.find((row) => row.id === baselineId);
  if (!base) return null;
  const best = hits.reduce((a, b) => (a.hits >= b.hits ? a : b), base);
  const { difference, questions } = best;
  const than = best === base ? '' : t.baseline(nameOf(base.id), base.hits);
  const title = `${t.best(k, nameOf(best.id), best.hits, questions)}${than}`;
  const corrected = hits.length > 2 ? t.corrected(hits.length - 1) : '';
  if (hits.length === 1) return { title, verdict: t.only, needed: '', corrected, difference };
  if (!difference) return { title, verdict: t.baselineBest(nameOf(base.id)), needed: '', corrected, difference };
  const p = formatP(difference.adjusted);
  const verdict = `${t.counts(difference.won, difference.lost)}${difference.verdict === 'better' ? t.shown(p) : t.notShown(p)}`;
  const { needed } = difference;
  const few = needed !== null && Number.isFinite(needed) && needed > questions;
  return { title, verdict, needed: few ? t.few(questions, formatCount(needed)) : '', corrected, difference };
}
