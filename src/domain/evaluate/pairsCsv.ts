import { csvCell } from '../csvCell';
import type { NamedModel } from './compareCsv';
import { correlations } from './correlation';
import type { PairRow } from './pairTable';

const head = [
  ...['model', 'weights', 'baseline', 'correlation', 'pairs', 'value', 'bootstrap_low', 'bootstrap_high'],
  ...['difference', 'difference_low', 'difference_high', 'p_bootstrap', 'p_holm', 'undefined'],
];

/** Returns the table of scored pairs as CSV: one line per model and correlation. Numbers keep all their digits. */
export function pairsCsv(
  rows: readonly PairRow[],
  models: readonly NamedModel[],
  { baselineId, pairs }: { baselineId: string; pairs: number },
): string {
  const named = new Map(models.map((model) => [model.id, model]));
  const lines = rows.flatMap((row) =>
    correlations.map((name) => {
      const { value, interval, baseline } = row[name];
      const { name: model = '', detail = '' } = named.get(row.id) ?? {};
      return [
        ...[model, detail, row.id === baselineId ? 1 : 0, name, pairs, value, interval?.low, interval?.high],
        ...[baseline?.difference, baseline?.interval?.low, baseline?.interval?.high],
        ...[baseline?.bootstrap, baseline?.adjusted, row.undefined],
      ];
    }),
  );
  const cell = (one: string | number | null | undefined): string =>
    typeof one === 'number' ? String(one) : csvCell(one ?? '');
  return [head, ...lines].map((line) => `${line.map(cell).join(',')}\r\n`).join('');
}
