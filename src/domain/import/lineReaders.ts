import { HeadedLists } from './headedLists';
import { LineCutter } from './lineCutter';
import { afterComments, literalValue } from './literal';
import type { RawRecord, RecordFault, RecordReader } from './recordReader';

/** The value of a line with remarks about it, or the fault that makes the line unusable. */
type LineResult = ({ value: unknown } | RecordFault) & { remarks?: RecordFault[] };

function lineReader(toRecord: (line: string) => LineResult): RecordReader {
  const cutter = new LineCutter();
  const collect = (feed: (take: (line: string, number: number) => void) => void): RawRecord[] => {
    const records: RawRecord[] = [];
    feed((line, number) => {
      if (line.trim() === '') return;
      const { remarks = [], ...record } = toRecord(line);
      records.push({ line: number, ...record });
      for (const remark of remarks) records.push({ line: number, ...remark });
    });
    return records;
  };
  return {
    push: (text) => collect((take) => cutter.push(text, take)),
    end: () => collect((take) => cutter.end(take)),
  };
}

/**
 * Matches numbers that JSON.parse would change: integers of 16 digits or more may exceed 2^53; 1.10 and 1e3 may be ids.
 */
const inexact = /\d{16}|[:,[]\s*-?(?:\d+(?:\.\d+)?[eE]|\d+\.\d*[1-9]0)/;

const commentsUnused = (count: number): RecordFault => ({ fault: 'comments-unused', field: String(count) });

/** Parses a line as a literal. Adds a remark for each key that an object has more than once, and for comments. */
function literalLine(line: string): LineResult {
  const parsed = literalValue(line);
  if ('fault' in parsed) return parsed;
  const remarks = parsed.repeated.map((field): RecordFault => ({ fault: 'key-repeated', field }));
  if (parsed.comments > 0) remarks.push(commentsUnused(parsed.comments));
  return { value: parsed.value, remarks };
}

/** Counts the keys of all objects in a value that JSON.parse returned. */
function keysIn(value: unknown): number {
  let keys = 0;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    const inner: unknown[] = Object.values(next);
    if (!Array.isArray(next)) keys += inner.length;
    for (const item of inner) if (typeof item === 'object') open.push(item);
  }
  return keys;
}

/**
 * Parses a line of a JSONL file. Lines that JSON.parse cannot read, or cannot read exactly, are parsed as literals:
 * programs also write Python quotes and trailing commas into such files. JSON.parse hides a repeated key, so a line is
 * parsed again if it has more quotes followed by a colon than the value has keys.
 */
function jsonLine(line: string): LineResult {
  if (afterComments(line) === '') return commentsUnused(1);
  if (inexact.test(line)) return literalLine(line);
  try {
    const value: unknown = JSON.parse(line);
    const colons = line.match(/"\s*:/g)?.length ?? 0;
    return colons > keysIn(value) ? { ...literalLine(line), value } : { value };
  } catch {
    // Drop the parser's message: it is in English and counts characters, while the user needs the line number.
    return literalLine(line);
  }
}

/** Reads one JSON value per line. The first of several lists may name columns. All comments share one remark. */
export function jsonlReader(): RecordReader {
  const lists = new HeadedLists();
  const reader = lineReader(jsonLine);
  const comments = { line: 0, count: 0 };
  const take = (records: readonly RawRecord[]): RawRecord[] =>
    lists.take(records).filter((record) => {
      if (!('fault' in record) || record.fault !== 'comments-unused') return true;
      if (comments.count === 0) comments.line = record.line;
      comments.count += Number(record.field);
      return false;
    });
  const remark = (): RawRecord[] =>
    comments.count > 0 ? [{ line: comments.line, ...commentsUnused(comments.count) }] : [];
  return { push: (text) => take(reader.push(text)), end: () => [...take(reader.end()), ...remark()] };
}

/** Reads each line as a list of tab-separated cells. */
export function txtReader(): RecordReader {
  return lineReader((line) => ({ value: line.split('\t') }));
}

/** A line of judgements in TREC's form: question id, iteration (unused), passage id and relevance. */
const fourColumns = /^\s*(\S+)\s+Q?\d+\s+(\S+)\s+(-?\d+(?:\.\d+)?)\s*$/;
/** A line without the iteration, as in BEIR's files below the header. Both ids have a digit. */
const threeColumns = /^\s*((?=[\w.:-]*\d)[\w.:-]+)(?:\s+|,)((?=[\w.:-]*\d)[\w.:-]+)(?:\s+|,)(-?\d+(?:\.\d+)?)\s*$/;

/** Parses a line of a file of judgements without a header. Returns null if the line is not a judgement. */
type JudgementParser = (line: string) => { 'query-id': string; 'corpus-id': string; score: string } | null;

const parserOf =
  (pattern: RegExp): JudgementParser =>
  (line) => {
    const [, question, passage, score] = pattern.exec(line) ?? [];
    if (question === undefined || passage === undefined || score === undefined) return null;
    return { 'query-id': question, 'corpus-id': passage, score };
  };

/**
 * Returns the parser for a file of judgements without a header that begins with the line, or null if it is not one.
 * Three columns need an id with a letter, because three numbers could be anything.
 */
export function judgementParser(firstLine: string): JudgementParser | null {
  if (fourColumns.test(firstLine)) return parserOf(fourColumns);
  const [, question, passage] = threeColumns.exec(firstLine) ?? [];
  return /[a-z]/i.test(`${question ?? ''}${passage ?? ''}`) ? parserOf(threeColumns) : null;
}

/** Reads judgements without a header, with the column names of BEIR. The first line shows their form. */
export function trecReader(): RecordReader {
  let parse: JudgementParser | null = null;
  return lineReader((line) => {
    parse ??= judgementParser(line);
    const value = parse?.(line) ?? null;
    return value ? { value } : { fault: 'trec-broken' };
  });
}
