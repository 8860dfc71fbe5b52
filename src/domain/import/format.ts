import { CsvReader, type CsvDelimiter } from './csv';
import { afterComments } from './literal';
import { MarkdownReader } from './markdown';
import { judgementParser, jsonlReader, trecReader, txtReader } from './lineReaders';
import type { RecordReader } from './recordReader';
import { bareColumnName, knownNames } from './columnAliases';
import { isObject } from '../isObject';

/** Delimiters of tables that programs save as .txt, or as text files named .xls. */
const textDelimiters = ['\t', ',', ';'];

export type TextFormat = 'jsonl' | 'json' | 'csv' | 'txt' | 'markdown' | 'literal' | 'trecQrels';
export type ImportFormat = TextFormat | 'xlsx';

function extensionOf(fileName: string): string {
  return /\.([^./\\]+)$/.exec(fileName)?.[1]?.toLowerCase() ?? '';
}

function isJsonObject(line: string): boolean {
  try {
    return isObject(JSON.parse(line));
  } catch {
    return false;
  }
}

/** Whether the line is a whole JSON list of texts and numbers. */
function isJsonRow(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item !== 'object' || item === null);
  } catch {
    return false;
  }
}

/** Begins a JSON list. A line of text may begin with a bracket too, or with a quote in brackets. */
const listStart = /^\[\s*(?:[[{\]]|"(?:[^"\\]|\\[^])*(?:"\s*(?:[,\]]|$)|$))/;

/** Returns the text without the comments before its first bracket, as in JSON5. */
function withoutComments(text: string): string {
  const rest = text.startsWith('/') ? afterComments(text) : null;
  return rest !== null && /^[[{]/.test(rest) ? rest : text;
}

/**
 * Recognizes the formats that open with a brace or bracket: Python literals by their quotes, JSONL by a first line that
 * is a whole object. Returns null for other text.
 */
function bracketFormat(head: string): TextFormat | null {
  const text = withoutComments(head.trimStart());
  if (/^[[({\s]*\{\s*[uUrR]?'/.test(text) || /^\[\s*'/.test(text)) return 'literal';
  const lines = text.split(/\r\n|\n|\r/, 3).filter((line) => line.trim() !== '');
  if (/^\{\s*(?:["'}]|[\w$]+\s*:|\/[/*]|$)/.test(text)) {
    const [first = '', second = ''] = lines;
    return second.trimStart().startsWith('{') && (isJsonObject(first) || first.trimEnd().endsWith('}'))
      ? 'jsonl'
      : 'json';
  }
  if (lines.length > 1 && lines.every((line) => isJsonRow(line))) return 'jsonl';
  return listStart.test(text) ? 'json' : null;
}

/** Whether the text begins with a JSON object or a list of them, which no row of column names does. */
function beginsWithRecord(head: string): boolean {
  return isJsonObject(head.trimStart().split(/\r\n|\n|\r/, 1)[0] ?? '') || /^\s*\[\s*\{\s*"[^"]*"\s*:/.test(head);
}

/** Whether the text is judgements without a header: its first line, and most of the next ones in the same form. */
function isTrec(head: string): boolean {
  const lines = head.split(/\r\n|\n|\r/, 20).filter((line) => line.trim() !== '');
  const parse = judgementParser(lines[0] ?? '');
  return parse !== null && lines.filter((line) => parse(line) !== null).length > lines.length / 2;
}

/** Whether the first line has column names, at least two of them known, and the next line at least as many cells. */
function hasHeader(head: string): boolean {
  const [first = '', second = ''] = head.split(/\r\n|\n|\r/, 20).filter((line) => line.trim() !== '');
  return textDelimiters.some((delimiter) => {
    const names = first.replace(/^\ufeff/, '').split(delimiter);
    if (second.split(delimiter).length < names.length) return false;
    return new Set(names.map(bareColumnName).filter((name) => knownNames.has(name))).size > 1;
  });
}

/** Guesses the format of a file from its name and first characters. Clear evidence in the text wins over the name. */
export function formatOf(fileName: string, head: string): TextFormat {
  const extension = extensionOf(fileName);
  if (isTrec(head)) return 'trecQrels';
  const bracket = bracketFormat(head);
  if (extension === 'csv' || extension === 'tsv') return bracket && beginsWithRecord(head) ? bracket : 'csv';
  if (extension === 'md' || extension === 'markdown') return 'markdown';
  if (extension === 'jsonl' || extension === 'ndjson') {
    const text = head.trimStart();
    // If every line is a list, each line is a row. One list of rows, on one or several lines, is JSON.
    return bracket === 'json' && text.startsWith('[') && !isJsonRow(text.split(/[\r\n]/, 1)[0] ?? '')
      ? 'json'
      : 'jsonl';
  }
  if (/^json[5c]?$/.test(extension)) return bracket ?? 'json';
  if (extension === 'py') return 'literal';
  return bracket ?? (hasHeader(head) ? 'csv' : 'txt');
}

/**
 * Returns the reader of a streamable format. JSON and Python literals are read as a whole by `literalRecords`.
 * `delimiter` is the one chosen for a CSV file; if undefined, it is recognised.
 */
export function formatReader(
  format: Exclude<TextFormat, 'json' | 'literal'>,
  fileName: string,
  delimiter?: CsvDelimiter,
): RecordReader {
  switch (format) {
    case 'jsonl':
      return jsonlReader();
    case 'csv':
      return new CsvReader(delimiter ?? (extensionOf(fileName) === 'tsv' ? '\t' : undefined));
    case 'txt':
      return txtReader();
    case 'markdown':
      return new MarkdownReader();
    case 'trecQrels':
      return trecReader();
    default:
      return format satisfies never;
  }
}
