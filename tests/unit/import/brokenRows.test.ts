import { describe, expect, it } from 'vitest';
import { literalRecords } from '../../../src/domain/import/literalRecords';

const broken = (line: number, fault = 'json-broken'): unknown => expect.objectContaining({ line, fault });
const row = (line: number, value: unknown): object => ({ line, value });

describe('after a broken row of a JSON list', () => {
  it('reading continues at the next list', () => {
    const rows = Array.from({ length: 1000 }, (_, i) => `["问${i}","答${i}"]`);
    rows[1] = '["坏" "行"]';
    rows[5] = '["坏,"行"]';
    for (const [separator, lines] of [[',\n', [2, 6]] as const, [', ', [1, 1]] as const]) {
      const records = literalRecords(`[${rows.join(separator)}]`, 'json');
      expect(records).toHaveLength(1000);
      expect(records.filter((record) => 'fault' in record)).toEqual(lines.map((line) => broken(line)));
    }
  });

  it.each([
    ['a missing colon', '{"a" 2, "b": [{"c": 1}, {"c": 2}]}'],
    ['a missing colon before a list', '{"b" [{"c": 1}, {"c": 2}], "a": 2}'],
    ['a missing comma', '{"a": "x" "b": -2}'],
    ['a missing quote at the end', '{"a": "x, "b": "y"}'],
    ['a missing quote at the beginning', '{"a": x", "b": "y"}'],
    ['a word that is not a value', '{"a": undefined, "b": {"c": [1]}}'],
    ['a bracket of another kind', '{"a": [1, 2}}'],
    ['a surplus bracket', '{"a": 1}}'],
    ['a missing brace', '{"a": 1'],
    ['a missing inner brace', '{"a": {"b": 1'],
  ])('with %s, each row before and after it is kept', (_, text) => {
    for (const separator of [',\n', ', ', ',\n  ']) {
      const records = literalRecords(`[{"k": 1}${separator}${text}${separator}{"k": 3}${separator}{"k": 4}]`, 'json');
      const kept = records.flatMap((record) => ('value' in record ? [record.value] : []));
      expect(kept.filter((value) => JSON.stringify(value).includes('k'))).toEqual([{ k: 1 }, { k: 3 }, { k: 4 }]);
      expect(records.filter((record) => 'fault' in record)).toHaveLength(1);
    }
  });

  it('reading continues at the next row, whether an object or a list', () => {
    const records = literalRecords('[{"a": 1},\n{"a" 2, "b": [{"c": 1}, {"c": 2}]},\n["三","四"],\n{"a": 4}]', 'json');
    expect(records).toEqual([row(1, { a: 1 }), broken(2), row(3, ['三', '四']), row(4, { a: 4 })]);
  });

  it('a list without its closing bracket is reported, and the rows after it are kept', () => {
    const records = literalRecords('[["一","甲"],\n["二","乙",\n["三","丙"],\n["四","丁"]]', 'json');
    expect(records).toEqual([row(1, ['一', '甲']), broken(2), row(3, ['三', '丙']), row(4, ['四', '丁'])]);
  });

  it('the good rows of a wrapped list are kept, and each broken one is reported once', () => {
    const text = '{"version":1,"data":[{"a":1},{"a":2},{"a" 3},["x"],{"a":5}],"end":2}';
    expect(literalRecords(text, 'json')).toEqual([
      row(1, { a: 1 }),
      row(1, { a: 2 }),
      broken(1),
      row(1, ['x']),
      row(1, { a: 5 }),
      { line: 1, fault: 'columns-unused', field: 'version, end' },
    ]);
    expect(literalRecords('{"data":[{"a":1},\n{"a" 2},\n{"a":3}]}\n', 'json')).toEqual([
      row(1, { a: 1 }),
      broken(2),
      row(3, { a: 3 }),
    ]);
  });

  it('a name that is repeated after the list is reported', () => {
    expect(literalRecords('{"v":1,"data":[{"a":1},{"a" 2}],"b":3,"b":4}', 'json').slice(2)).toEqual([
      { line: 1, fault: 'key-repeated', field: 'b' },
      { line: 1, fault: 'columns-unused', field: 'v, b' },
    ]);
  });

  it('of 200,000, the others are kept', () => {
    const rows = Array.from({ length: 200_000 }, (_, i) => (i % 7 === 1 ? `{"q" "${i}"}` : `{"q":"${i}"}`));
    const records = literalRecords(`{"data":[${rows.join(',')}]}`, 'json');
    expect(records).toHaveLength(200_000);
  }, 60_000);

  it('a conversation that is cut off is one broken row', () => {
    const text = '[{"messages":[{"role":"user","content":"问"}]},\n{"messages":[{"role":"user"},{"role":"assi';
    expect(literalRecords(text, 'json')).toEqual([row(1, { messages: [{ role: 'user', content: '问' }] }), broken(2)]);
  });

  it('texts and tuples are kept, too', () => {
    expect(literalRecords('["段一",\n段二" "段三",\n"段四",\nxx,\n"段五"]', 'json')).toEqual([
      row(1, '段一'),
      broken(2),
      row(3, '段四'),
      broken(4),
      row(5, '段五'),
    ]);
    expect(literalRecords("[('一','甲'),\n('二' '乙' x),\n('三','丙')]", 'literal')).toEqual([
      row(1, ['一', '甲']),
      broken(2, 'literal-broken'),
      row(3, ['三', '丙']),
    ]);
  });

  it('sections of one broken object are not mixed', () => {
    const text = '{"queries":[{"id":1},{"id" 2}],\n"corpus":[{"id":3},{"id":4}]}';
    expect(literalRecords(text, 'json').filter((record) => 'value' in record)).not.toContainEqual(row(2, { id: 3 }));
  });
});

describe('an empty list among the rows', () => {
  it('is a row, so that it is reported', () => {
    expect(literalRecords('[["一","甲"],[],["二","乙"]]', 'json')).toHaveLength(3);
  });
});

describe('16 MB of white space', () => {
  it('in a JSON file are skipped', () => {
    const text = `[{"text":"a"},${' '.repeat(16_000_000)}{"text":"b"}]${'\n'.repeat(1000)}`;
    expect(literalRecords(text, 'json')).toEqual([row(1, { text: 'a' }), row(1, { text: 'b' })]);
  });
});

// In quadratic time, each of these would take minutes.
describe('the time to read a text', () => {
  it.each(['{"a":{,"b":1},', '{"a" 1},', '["a" [,"b"],', '["a","b],', '{"a" 1,\n', '["a",', '{"a": """x},', '}{"a" '])(
    'is linear for 40,000 broken rows: %s',
    (text) => {
      expect(literalRecords(`[${text.repeat(40_000)}`, 'json').length).toBeGreaterThan(0);
      const mixed = `[\n${`${text}${'["b","c"],'.repeat(20)}\n`.repeat(2000)}`;
      expect(literalRecords(mixed, 'json').length).toBeGreaterThan(0);
    },
    60_000,
  );

  it.each([' ', '\n', '#', ';', '"', ',', '[', '{', 'x', '1', '["', '"a",', "'b"])(
    'is linear for 1 MB of %j',
    (part) => {
      const megabyte = part.repeat(1_000_000 / part.length);
      expect(literalRecords(`[{"text":"a"},${megabyte}{"text":"b"}]`, 'json')[0]).toEqual(row(1, { text: 'a' }));
      expect(literalRecords(`[{"text":"a"},\n{"text":"${megabyte}`, 'json')[0]).toEqual(row(1, { text: 'a' }));
    },
    60_000,
  );
});
