import { csvCell } from '../csvCell';
import { tokensPerSecond, type FormFigures, type MeasuredModel, type SpeedResult, type Spread } from './speed';
import { bytesPerVector } from './vectorForm';

type Cell = string | number | null;

const head = [
  ...['figure', 'model', 'weights', 'tokens', 'passages', 'dimensions', 'numbers'],
  ...['value', 'low', 'high', 'rounds'],
];

/** Recall@10 and hit rate@1 that a smaller form may lose and still be named: one question in a hundred. */
const toleratedLoss = 0.01;

/** Returns the smallest form that loses at most one point of recall@10 and of hit rate@1, or null if there is none. */
export function smallestForm(forms: readonly FormFigures[]): FormFigures | null {
  const [whole, ...others] = forms;
  if (!whole) return null;
  const keeps = (value: number, before: number): boolean => value >= before - toleratedLoss - 1e-12;
  const enough = others.filter(
    ({ recallAt10, hitRateAt1 }) => keeps(recallAt10, whole.recallAt10) && keeps(hitRateAt1, whole.hitRateAt1),
  );
  enough.sort((a, b) => bytesPerVector(a.form) - bytesPerVector(b.form));
  return enough[0] ?? null;
}

/** Returns all figures of a measurement in rows as long as their head, below it. Numbers have all their digits. */
export function speedTable(
  result: SpeedResult,
  named: ReadonlyMap<string, { name: string; detail: string }>,
): Cell[][] {
  const rows = [
    ...result.models.flatMap((model) => modelRows(model, named)),
    ...searchRows(result),
    ...aboutRows(result),
  ];
  return [head, ...rows.map((row) => [...row, ...head.slice(row.length).map(() => null)])];
}

const spread = ({ median, low, high, rounds }: Spread): Cell[] => [median, low, high, rounds];

function modelRows(model: MeasuredModel, named: Parameters<typeof speedTable>[1]): Cell[][] {
  const { name, detail } = named.get(model.id) ?? { name: model.name, detail: '' };
  const row = (figure: string, at: Cell[], values: Cell[]): Cell[] => [figure, name, detail, ...at, ...values];
  const { float32, float16, tokenizer } = model.sizes;
  return [
    ...model.encoding.flatMap((speed) => {
      const at = [speed.tokens, null, null, null];
      const { low, high, rounds } = speed.textsPerSecond;
      return [
        row('texts_per_second', at, spread(speed.textsPerSecond)),
        row('tokens_per_second', at, [tokensPerSecond(speed), low * speed.tokens, high * speed.tokens, rounds]),
        row('texts_per_round', at, [speed.texts]),
      ];
    }),
    row('download_bytes', [null, null, null, 'float32'], [float32 + tokenizer]),
    row('download_bytes', [null, null, null, 'float16'], [float16 + tokenizer]),
    row('tokenizer_bytes', [null, null, null, null], [tokenizer]),
    ...(model.forms ?? []).flatMap((figures) => {
      const { form, hitRateAt1, recallAt10, mrrAt10, won, lost, recallChange } = figures;
      const at = [null, null, form.dimensions, form.numbers];
      const measured = { vector_bytes: bytesPerVector(form), hit_rate_at_1: hitRateAt1, recall_at_10: recallAt10 };
      const all = { ...measured, mrr_at_10: mrrAt10, won_at_1: won, lost_at_1: lost };
      const change = recallAt10 - (model.forms?.[0]?.recallAt10 ?? recallAt10);
      return [
        ...Object.entries(all).map(([figure, value]) => row(figure, at, [value])),
        ...(recallChange ? [row('recall_at_10_change', at, [change, recallChange.low, recallChange.high])] : []),
      ];
    }),
  ];
}

function searchRows({ searches, skipped }: SpeedResult): Cell[][] {
  const row = (figure: string, passages: number, dimension: number, values: Cell[]): Cell[] => [
    ...[figure, '', '', null, passages, dimension, 'float32'],
    ...values,
  ];
  return [
    ...searches.flatMap(({ dimension, passages, ms, bytes, pieces }) => [
      row('search_ms', passages, dimension, spread(ms)),
      row('search_bytes', passages, dimension, [bytes]),
      row('search_pieces', passages, dimension, [pieces]),
    ]),
    ...skipped.flatMap(({ dimension, passages, neededBytes, limitBytes }) => [
      row('skipped_search_bytes', passages, dimension, [neededBytes]),
      row('skipped_search_limit_bytes', passages, dimension, [limitBytes]),
    ]),
  ];
}

/** Returns what the figures were measured with, and on which data. */
function aboutRows({ build, browser, createdAt, questions }: SpeedResult): Cell[][] {
  const row = (figure: string, value: Cell): Cell[] => [figure, '', '', null, null, null, null, value];
  return [
    row('build', build),
    row('browser', browser),
    row('measured_at', new Date(createdAt).toISOString()),
    ...(questions ? [row('dev_questions', questions.questions), row('passages', questions.passages)] : []),
    ...(questions?.sha256 === undefined ? [] : [row('data_sha256', questions.sha256)]),
  ];
}

/** Returns rows as a CSV file. */
export function rowsAsCsv(rows: readonly Cell[][]): string {
  const line = (cells: Cell[]): string =>
    cells.map((cell) => (typeof cell === 'number' ? String(cell) : csvCell(cell ?? ''))).join(',');
  return `${rows.map(line).join('\r\n')}\r\n`;
}

/** Returns rows as text whose cells a spreadsheet separates when it is pasted. */
export function rowsAsText(rows: readonly Cell[][]): string {
  const cell = (value: Cell): string =>
    typeof value === 'number' ? String(value) : csvCell((value ?? '').replaceAll(/\s+/g, ' '));
  return rows.map((cells) => cells.map(cell).join('\t')).join('\n');
}
