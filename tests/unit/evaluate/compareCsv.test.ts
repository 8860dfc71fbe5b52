import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { questionsCsv, tableCsv } from '../../../src/domain/evaluate/compareCsv';
import { sortedRows } from '../../../src/domain/evaluate/compareRows';
import { compareTable } from '../../../src/domain/evaluate/compareTable';
import { sortByGain } from '../../../src/domain/evaluate/answerAt';
import { pairedQuestions } from '../../../src/domain/evaluate/pairedQuestions';
import type { QuestionResult } from '../../../src/domain/evaluate/evaluation';

const results = (ranks: readonly (number | null)[]): QuestionResult[] =>
  ranks.map((rank, i) => {
    const top = rank === null ? [] : [{ passageId: `p${i}`, score: 0.5 }];
    return { questionId: `q${i}`, ranks: rank === null ? [Infinity] : [rank], top };
  });
const models = [
  { id: 'a', name: 'demo, "zh"', detail: 'not fine-tuned', results: results([1, 4, null]) },
  { id: 'b', name: '=cmd()', detail: 'best on dev', results: results([1, 1, 2]) },
];
const parse = (csv: string) => Papa.parse<Record<string, string>>(csv, { header: true, skipEmptyLines: true }).data;

describe('the CSV files of a comparison', () => {
  it('state every metric of every model with both intervals and, beside the baseline, all p-values', () => {
    const { rows } = compareTable(models, 'a', 1);
    const lines = parse(tableCsv(rows, models, 'a'));
    expect(lines).toHaveLength(2 * Object.keys(rows[0]?.cells ?? {}).length);
    const [first] = lines;
    const cell = rows[0]?.cells['hitRate@1'];
    expect(first).toMatchObject({ model: 'demo, "zh"', baseline: '1', metric: 'hitRate@1', questions: '3' });
    expect([first?.['value'], first?.['wilson_low']].map(Number)).toEqual([cell?.value, cell?.wilson.low]);
    expect(first?.['difference'] ?? '').toBe('');
    const other = lines.find(({ baseline, metric }) => baseline === '0' && metric === 'hitRate@1');
    expect(other).toMatchObject({ model: "'=cmd()", won: '1', lost: '0', p_mcnemar: '1', p_holm: '1' });
    expect(Number(other?.['questions_needed'])).toBeGreaterThan(3);
  });

  it('state the rank and the first passage of every question for every model, and leave out what was not found', () => {
    const questions = ['怎么喂', '=1+1', 'third'].map((text, i) => ({ id: `q${i}`, text, relevant: ['p1', 'p2'] }));
    const lines = parse(questionsCsv(questions, models));
    expect(lines.map(({ question }) => question)).toEqual(['怎么喂', "'=1+1", 'third']);
    expect(lines[2]).toMatchObject({
      right_passages: 'p1 p2',
      'rank: demo, "zh" (not fine-tuned)': '',
      'rank: =cmd() (best on dev)': '2',
      'first_passage: =cmd() (best on dev)': 'p2',
    });
  });
});

describe('the rows of a comparison', () => {
  const { rows } = compareTable([...models, { id: 'c', results: results([9, 9, 9]) }], 'a', 1);
  const facts = new Map([
    ['a', { passagesPerSecond: 5, bytes: 1, probe: 0.2 }],
    ['b', { passagesPerSecond: null, bytes: 7, probe: 0.4 }],
    ['c', { passagesPerSecond: 9, bytes: 3, probe: null }],
  ]);
  const metric = { name: 'hitRate', k: 1 } as const;
  const order = (column: Parameters<typeof sortedRows>[1]['column'], ascending = false) =>
    sortedRows(rows, { column, metric, ascending }, (id) => facts.get(id)).map(({ id }) => id);

  it('are sorted by any column, largest first, and rows without a value come last in both directions', () => {
    expect(order('order')).toEqual(['a', 'b', 'c']);
    expect(order('probe')).toEqual(['b', 'a', 'c']);
    expect(order('probe', true)).toEqual(['a', 'b', 'c']);
    expect(order('order', true)).toEqual(['c', 'b', 'a']);
    expect(order('value')).toEqual(['b', 'a', 'c']);
    expect(order('difference', true)).toEqual(['c', 'a', 'b']);
    expect(order('speed')).toEqual(['c', 'a', 'b']);
    expect(order('speed', true)).toEqual(['a', 'c', 'b']);
    expect(order('size')).toEqual(['b', 'c', 'a']);
  });

  it('and the questions of 8 models and 1,000 questions are sorted and filtered', () => {
    const many = Array.from({ length: 8 }, (_, m) => ({
      id: `m${m}`,
      results: results(Array.from({ length: 1000 }, (_, i) => 1 + ((i * (m + 3) * 7919) % 300))),
    }));
    const table = compareTable(
      many.map(({ id, results: all }) => ({ id, results: all.slice(0, 10) })),
      'm0',
      3,
    );
    const sorted = sortedRows(table.rows, { column: 'value', metric, ascending: false }, () => undefined);
    const values = sorted.map(({ cells }) => cells['hitRate@1']?.value ?? NaN);
    expect(values).toEqual([...values].sort((a, b) => b - a));
    const paired = sortByGain(pairedQuestions(many[0]?.results ?? [], many[1]?.results ?? []));
    const gains = paired.map(({ rankBefore, rankAfter }) => rankBefore / rankAfter);
    expect(gains).toEqual([...gains].sort((a, b) => b - a));
    const won = paired.filter(({ rankBefore, rankAfter }) => rankBefore > 3 && rankAfter <= 3);
    expect([sorted.length, paired.length]).toEqual([8, 1000]);
    expect(won.length).toBeGreaterThan(0);
  });
});
