import { describe, expect, it } from 'vitest';
import { formatCode, shownDate, shownNumber } from '../../../src/domain/import/cellFormat';

describe('a number of a spreadsheet', () => {
  it.each<[number, string, string]>([
    [12, '0000', '0012'],
    [12, '"NO."0000', 'NO.0012'],
    [1234567.891, '#,##0.00', '1,234,567.89'],
    [0.5, '#.00', '.50'],
    [0.5, '0.0##', '0.5'],
    [0.1234, '0.0%', '12.3%'],
    [-5, '0.00', '-5.00'],
    [-5, '0.00;[Red](0.00)', '(5.00)'],
    [3, '0"头"', '3头'],
    [1.5, '0.0\\ "kg"', '1.5 kg'],
    [7, '[$¥-804]#,##0', '¥7'],
    [0.1 + 0.2, 'General', '0.3'],
    [123456789012345, 'General', '123456789012345'],
    [1.5, '# ?/?', '1.5'],
    [1500, '0.00E+00', '1500'],
    [1500, '@', '1500'],
    [1500, '0.0,', '1500'],
  ])('%f with the format %s is shown as %s', (value, code, shown) => {
    expect(shownNumber(value, code)).toBe(shown);
  });
});

describe('a long integer of a spreadsheet', () => {
  it.each([
    ['653247040368672769', 'General', '653247040368672769'],
    ['653247040368672769', '0_ ', '653247040368672769'],
    ['-653247040368672769', '#,##0.00', '-653,247,040,368,672,769.00'],
    ['6532470403686727690000001', '0', '6532470403686727690000001'],
  ])('%s with the format %s is shown as %s', (digits, code, shown) => {
    expect(shownNumber(Number(digits), code, digits)).toBe(shown);
  });
});

describe('a date of a spreadsheet', () => {
  const date = new Date(Date.UTC(2024, 2, 5, 8, 5, 9));
  it.each([
    ['yyyy-mm-dd', '2024-03-05'],
    ['yyyy/m/d h:mm', '2024/3/5 8:05'],
    ['yy.mm.dd', '24.03.05'],
    ['yyyy"年"m"月"d"日";@', '2024年3月5日'],
    ['[$-F800]yyyy\\-mm\\-dd', '2024-03-05'],
    ['h:mm:ss', '8:05:09'],
    ['mm:ss', '05:09'],
    ['d-mmm-yy', '2024-03-05 08:05:09'],
    ['h:mm AM/PM', '2024-03-05 08:05:09'],
    ['General', '2024-03-05 08:05:09'],
    [formatCode(14, new Map()), '2024/3/5'],
    [formatCode(31, new Map()), '2024年3月5日'],
  ])('with the format %s is shown as %s', (code, shown) => {
    expect(shownDate(date, code)).toBe(shown);
  });

  it('without a date part and with an unknown format is shown as a time of day', () => {
    expect(shownDate(new Date(Date.UTC(1899, 11, 30, 8, 30)), 'h:mm AM/PM')).toBe('08:30:00');
  });
});
