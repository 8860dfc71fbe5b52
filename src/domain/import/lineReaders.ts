import { LineCutter } from './lineCutter';
import { literalValue } from './literal';
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

/** Parses a line as a literal. Adds a remark for each key that an object has more than once. */
function literalLine(line: string): LineResult {
  const parsed = literalValue(line);
  if ('fault' in parsed) return parsed;
  const remarks = parsed.repeated.map((field): RecordFault => ({ fault: 'key-repeated', field }));
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
 * Parses a line of a JSONL file. Lines that JSON.parse cannot read at all, or not exactly, are parsed as literals:
 * programs also write Python quotes and trailing commas into such files. JSON.parse hides a repeated key, so a line is
 * parsed again if it has more quotes followed by a colon than the value has keys.
 */
function jsonLine(line: string): LineResult {
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

/** Reads one JSON value per line. */
export function jsonlReader(): RecordReader {
  return lineReader(jsonLine);
}

/** Reads each line as a list of tab-separated cells. */
export function txtReader(): RecordReader {
  return lineReader((line) => ({ value: line.split('\t') }));
}

/** A line of judgements as TREC writes them: question id, iteration (unused), passage id and relevance. */
export const trecJudgement = /^\s*(\S+)\s+Q?\d+\s+(\S+)\s+(-?\d+(?:\.\d+)?)\s*$/;

/** Reads judgements in TREC's format, which has no header, as records with the column names of BEIR. */
export function trecReader(): RecordReader {
  return lineReader((line) => {
    const [, question, passage, score] = trecJudgement.exec(line) ?? [];
    if (question === undefined) return { fault: 'trec-broken' };
    return { value: { 'query-id': question, 'corpus-id': passage, score } };
  });
}
