import { metricId, type ComparedMetric } from './comparedMetric';
import type { CompareRow } from './compareTable';

/** Columns that the table of a comparison can be sorted by. */
export const sortColumns = ['order', 'value', 'difference', 'speed', 'size', 'probe'] as const;
export type SortColumn = (typeof sortColumns)[number];

/** A model's columns in the table other than its metrics. */
export interface RowFacts {
  passagesPerSecond: number | null;
  bytes: number;
  /** Hit rate on the probe set; null if it was not measured. */
  probe: number | null;
}

/**
 * Returns the rows sorted by a column, largest first unless `ascending`. Rows without a value come last, and rows with
 * equal values stay in their order.
 */
export function sortedRows(
  rows: readonly CompareRow[],
  { column, metric, ascending }: { column: SortColumn; metric: ComparedMetric; ascending: boolean },
  factsOf: (id: string) => RowFacts | undefined,
): CompareRow[] {
  if (column === 'order') return ascending ? rows.toReversed() : [...rows];
  const valueOf = ({ id, cells }: CompareRow): number | null => {
    const cell = cells[metricId(metric)];
    if (column === 'value') return cell?.value ?? null;
    if (column === 'difference') return cell ? (cell.baseline?.difference ?? 0) : null;
    const facts = factsOf(id);
    if (column === 'probe') return facts?.probe ?? null;
    return (column === 'speed' ? facts?.passagesPerSecond : facts?.bytes) ?? null;
  };
  const values = new Map(rows.map((row) => [row.id, valueOf(row)]));
  const sign = ascending ? 1 : -1;
  return [...rows].sort((a, b) => {
    const [x, y] = [values.get(a.id) ?? null, values.get(b.id) ?? null];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return sign * (x - y);
  });
}
