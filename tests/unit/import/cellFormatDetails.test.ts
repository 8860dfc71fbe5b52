import { describe, expect, it } from 'vitest';
import { formatCode, shownDate, shownNumber } from '../../../src/domain/import/cellFormat';

describe('a number of a spreadsheet', () => {
  it.each<[string, number, string, string]>([
    ['an escaped placeholder as a character', 5, '\\#0', '#5'],
    ['a currency of several letters', 7, '[$USD-409]#,##0', 'USD7'],
    ['no character that fills the cell', 5, '*-0', '5'],
    ['the first of two sections if it is positive', 5, '0.00;(0.00)', '5.00'],
    ['the first of two sections if it is zero', 0, '0.00;(0.00)', '0.00'],
    ['no sign if it is zero', 0, '0.00', '0.00'],
    ['no decimals that its format does not ask for', 7.25, '0', '7'],
    ['a plain number if its format has placeholders apart', 5551234, '000-0000', '5551234'],
    ['a plain number if its format scales it by thousands', 1500000, '#,##0,', '1500000'],
    ['an exponent if it has more than 15 digits', 1e21, '0.00', '1E+21'],
    ['all digits of its integer part', 10, '#.00', '10.00'],
    ['a zero if its format asks for no digit and no decimals', 0.2, '#', '0'],
    ['only those optional decimals that are not zero', 0.12, '0.####', '0.12'],
    ['a plain number if the format has no code', 12.5, '', '12.5'],
  ])('shows %s: %f with the format %s as %s', (_case, value, code, shown) => {
    expect(shownNumber(value, code)).toBe(shown);
  });
});

describe('a date of a spreadsheet', () => {
  const date = new Date(Date.UTC(2024, 2, 5, 8, 5, 9));
  const iso = '2024-03-05 08:05:09';

  it.each<[string, string, string]>([
    ['elapsed hours', '[h]:mm', iso],
    ['elapsed hours of two digits', '[hh]:mm:ss', iso],
    ['morning and afternoon in Chinese', '上午/下午h:mm', iso],
    ['names of days', 'ddd d', iso],
    ['nothing but text', '"日期"', iso],
    ['no code', '', iso],
    ['the year of an era', 'e/m/d', '2024/3/5'],
  ])('is shown as numbers with a format of %s', (_case, code, shown) => {
    expect(shownDate(date, code)).toBe(shown);
  });

  it('is shown without a time if that is midnight, and with its date from 1900 on', () => {
    expect(shownDate(new Date(Date.UTC(2024, 2, 5)), 'General')).toBe('2024-03-05');
    expect(shownDate(new Date(Date.UTC(1900, 0, 5)), 'General')).toBe('1900-01-05');
  });

  it('is empty if it is not a date', () => {
    expect(shownDate(new Date(NaN), 'yyyy')).toBe('');
  });

  it('of a cell has the format that its number names, or none', () => {
    expect([formatCode(9, new Map()), formatCode(9, new Map([[9, '0']])), formatCode(5, new Map())]).toEqual([
      '0%',
      '0',
      'General',
    ]);
  });
});
