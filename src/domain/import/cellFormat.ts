/**
 * Codes of the formats that a workbook identifies only by number (ECMA-376, 18.8.30), as in the Chinese edition of
 * Excel.
 */
const builtIn: Record<number, string> = {
  1: '0',
  2: '0.00',
  3: '#,##0',
  4: '#,##0.00',
  9: '0%',
  10: '0.00%',
  14: 'yyyy/m/d',
  18: 'h:mm AM/PM',
  19: 'h:mm:ss AM/PM',
  20: 'h:mm',
  21: 'h:mm:ss',
  22: 'yyyy/m/d h:mm',
  27: 'yyyy"年"m"月"',
  28: 'm"月"d"日"',
  29: 'm"月"d"日"',
  31: 'yyyy"年"m"月"d"日"',
  32: 'h"时"mm"分"',
  33: 'h"时"mm"分"ss"秒"',
  36: 'yyyy"年"m"月"',
  37: '#,##0',
  38: '#,##0',
  39: '#,##0.00',
  40: '#,##0.00',
  57: 'yyyy"年"m"月"',
  58: 'm"月"d"日"',
};

/** Longest code that a spreadsheet accepts. */
const longestCode = 255;

/** Returns the code of a number format: the workbook's own code if it defines the id, else the built-in one. */
export function formatCode(id: number, own: ReadonlyMap<number, string>): string {
  const code = own.get(id) ?? builtIn[id] ?? 'General';
  return code.length > longestCode ? 'General' : code;
}

/**
 * Splits a format code into literals and the rest. Drops colours, conditions, paddings and fills, because they display
 * no characters.
 */
function tokensOf(code: string): { literal: boolean; text: string }[] {
  const tokens: { literal: boolean; text: string }[] = [];
  const pattern = /"([^"]*)"|\\([^])|\[\$([^\]-]*)[^\]]*\]|\[[^\]]*\]|_[^]|\*[^]|([^"\\[_*])/gu;
  for (const [, quoted, escaped, currency, bare] of code.matchAll(pattern)) {
    if (bare !== undefined) tokens.push({ literal: false, text: bare });
    else tokens.push({ literal: true, text: quoted ?? escaped ?? currency ?? '' });
  }
  return tokens;
}

/** Splits a code at the semicolons outside quotes. */
function sectionsOf(code: string): string[] {
  return code.match(/(?:"[^"]*"|\\[^]|[^;"\\])+/g) ?? [];
}

/** Returns the number with 15 significant digits, which is all that a spreadsheet keeps. */
function plain(value: number): string {
  return String(Number(value.toPrecision(15)));
}

function grouped(digits: string): string {
  const first = digits.length % 3;
  const groups = digits.slice(first).match(/\d{3}/g) ?? [];
  return [...(first > 0 ? [digits.slice(0, first)] : []), ...groups].join(',');
}

/**
 * Returns an integer of more than 15 digits with an exponent, as a spreadsheet shows it without a format. Its other
 * digits are lost: written as zeros, they would look like those of an id.
 */
function rounded(value: number): string {
  return Number(value.toPrecision(15)).toExponential().replace('e', 'E');
}

/**
 * Returns a number as a spreadsheet shows it: leading zeros, decimals, thousands separators, percent and text around
 * the digits. Formats with other parts, such as fractions and exponents, show the plain number. `exact` holds all
 * digits of a long integer, because two ids may differ only in the last one.
 */
export function shownNumber(value: number, code: string, exact?: string): string {
  if (exact === undefined && Number.isInteger(value) && Math.abs(value) >= 1e15) return rounded(value);
  const sections = sectionsOf(code);
  const unformatted = exact ?? plain(value);
  if (code === 'General' || sections.length === 0) return unformatted;
  // The second section is for negative numbers and holds its own sign or brackets.
  const own = value < 0 && sections.length > 1;
  const tokens = tokensOf((own ? sections[1] : sections[0]) ?? '');
  // Literals are masked, so that a digit inside quotes is not taken for a placeholder.
  const mask = tokens.map(({ literal, text }) => (literal ? '\u0001'.repeat(text.length) : text)).join('');
  const shown = tokens.map(({ text }) => text).join('');
  const [, before = '', whole = '', decimals = '', after = ''] =
    /^([^#0?.]*)([#0?,]+)(?:\.([#0?]*))?([^#0?.]*)$/.exec(mask) ?? [];
  if (whole === '' || /[a-z@/,]/i.test(before + after) || whole.endsWith(',')) return unformatted;
  const percent = (before + after).includes('%');
  const places = decimals.length;
  const size = Math.abs(percent ? value * 100 : value);
  const isExact = exact !== undefined && !percent;
  const whole15 = isExact ? exact.replace('-', '') : Number(size.toPrecision(15)).toFixed(Math.min(places, 20));
  const [integer = '', fraction = isExact ? '0'.repeat(places) : ''] = whole15.split('.');
  if (integer.includes('e')) return unformatted;
  const wanted = whole.replace(/[^0]/g, '').length;
  const padded = integer.replace(/^0$/, wanted === 0 && places > 0 ? '' : '0').padStart(wanted, '0');
  const kept = trimmedDecimals(fraction, decimals);
  const digits = `${whole.includes(',') ? grouped(padded) : padded}${kept === '' ? '' : `.${kept}`}`;
  const suffix = shown.slice(shown.length - after.length);
  return `${value < 0 && !own ? '-' : ''}${shown.slice(0, before.length)}${digits}${suffix}`;
}

/** Drops trailing zeros where the code has # instead of 0. */
function trimmedDecimals(fraction: string, code: string): string {
  const least = code.lastIndexOf('0') + 1;
  let kept = fraction;
  while (kept.length > least && kept.endsWith('0')) kept = kept.slice(0, -1);
  return kept;
}

const two = (n: number): string => String(n).padStart(2, '0');

/**
 * Returns an unambiguous form of the date, with the time unless it is midnight. A date before 1900 is a bare time of
 * day, so only the time is returned.
 */
function isoDate(date: Date): string {
  const [day = '', time = ''] = date.toISOString().slice(0, 19).split('T');
  if (date.getUTCFullYear() < 1900) return time;
  return time === '00:00:00' ? day : `${day} ${time}`;
}

/** Joins repeated letters of a date format: y, y, y, y, /, m → yyyy, /, m. */
function dateRuns(code: string): { literal: boolean; text: string }[] {
  const runs: { literal: boolean; text: string }[] = [];
  for (const { literal, text } of tokensOf(code)) {
    const last = runs.at(-1);
    const letter = text.toLowerCase();
    const repeats = !literal && last?.literal === false && /[a-z]/.test(letter) && last.text.startsWith(letter);
    if (repeats) last.text += letter;
    else runs.push({ literal, text: literal ? text : letter });
  }
  return runs;
}

/**
 * Returns a date as a spreadsheet shows it. `date` is in UTC, because cells have no time zone. Formats with month or
 * day names, AM/PM or elapsed time are shown as yyyy-mm-dd hh:mm:ss.
 */
export function shownDate(date: Date, code: string): string {
  if (Number.isNaN(date.valueOf())) return '';
  const second = new Date(Math.round(date.valueOf() / 1000) * 1000);
  const runs = dateRuns(sectionsOf(code)[0] ?? '');
  if (/\[[hms]+\]|am\/pm|a\/p|上午/i.test(code) || runs.every(({ literal }) => literal)) return isoDate(second);
  const letters = runs.filter(({ literal, text }) => !literal && /^[a-z]/.test(text));
  const parts: string[] = [];
  for (const run of runs) {
    const at = letters.indexOf(run);
    const minutes = letters[at - 1]?.text.startsWith('h') === true || letters[at + 1]?.text.startsWith('s') === true;
    const part = at === -1 ? run.text : datePart(second, run.text, minutes);
    if (part === null) return isoDate(second);
    parts.push(part);
  }
  return parts.join('');
}

/**
 * Returns one part of a date in digits, or null for letters that show something else, such as a month's name. `m` next
 * to hours or seconds is minutes.
 */
function datePart(date: Date, letters: string, minutes: boolean): string | null {
  const padded = (n: number): string => (letters.length >= 2 ? two(n) : String(n));
  switch (letters[0]) {
    case 'y':
    case 'e':
      return letters.length === 2 ? two(date.getUTCFullYear() % 100) : String(date.getUTCFullYear());
    case 'm':
      if (letters.length > 2) return null;
      return padded(minutes ? date.getUTCMinutes() : date.getUTCMonth() + 1);
    case 'd':
      return letters.length > 2 ? null : padded(date.getUTCDate());
    case 'h':
      return padded(date.getUTCHours());
    case 's':
      return padded(date.getUTCSeconds());
    default:
      return null;
  }
}
