import type { ImportFault } from '../errors';
import { literalValue } from './literal';

/** The reason that a record cannot be used. What `field` and `expected` hold depends on the fault. */
export interface RecordFault {
  fault: ImportFault;
  field?: string;
  expected?: string;
}

/** A record of a file. `line` counts from 1; a record of several lines has the line on which it begins. */
export type RawRecord = { line: number; value: unknown } | ({ line: number } & RecordFault);

/** A streaming reader. Takes text in pieces that may be cut anywhere, and returns the records completed so far. */
export interface RecordReader {
  push(text: string): RawRecord[];
  end(): RawRecord[];
}

/** Splits a stream of text into lines that end in \n, \r\n or \r. */
export class LineCutter {
  /** Pieces of the unfinished line, joined when it ends. One growing string would be searched again for every piece. */
  #pieces: string[] = [];
  #line = 0;
  /** Whether the text so far ended in \r: a \n at the start of the next piece belongs to it. */
  #afterReturn = false;

  /** Calls `take` with each complete line and its number. */
  push(text: string, take: (line: string, number: number) => void): void {
    if (text === '') return;
    let from = this.#afterReturn && text.startsWith('\n') ? 1 : 0;
    this.#afterReturn = text.endsWith('\r');
    const lineEnd = /\r\n|\n|\r/g;
    lineEnd.lastIndex = from;
    for (let match = lineEnd.exec(text); match; match = lineEnd.exec(text)) {
      this.#pieces.push(text.slice(from, match.index));
      this.#finish(take);
      from = lineEnd.lastIndex;
    }
    if (from < text.length) this.#pieces.push(text.slice(from));
  }

  end(take: (line: string, number: number) => void): void {
    if (this.#pieces.length > 0) this.#finish(take);
  }

  #finish(take: (line: string, number: number) => void): void {
    const line = this.#pieces.join('');
    this.#pieces = [];
    take(line, ++this.#line);
  }
}

function lineReader(toRecord: (line: string) => { value: unknown } | RecordFault): RecordReader {
  const cutter = new LineCutter();
  const collect = (feed: (take: (line: string, number: number) => void) => void): RawRecord[] => {
    const records: RawRecord[] = [];
    feed((line, number) => {
      if (line.trim() !== '') records.push({ line: number, ...toRecord(line) });
    });
    return records;
  };
  return {
    push: (text) => collect((take) => cutter.push(text, take)),
    end: () => collect((take) => cutter.end(take)),
  };
}

/** An integer of 16 digits or more may exceed 2^53, where JSON.parse would change its last digits. */
const longInteger = /\d{16}/;

/**
 * Parses a line of a JSONL file. Lines that JSON.parse cannot read at all, or not exactly, are parsed as literals:
 * programs also write Python quotes and trailing commas into such files.
 */
function jsonLine(line: string): { value: unknown } | RecordFault {
  if (longInteger.test(line)) return literalValue(line);
  try {
    const value: unknown = JSON.parse(line);
    return { value };
  } catch {
    // Drop the parser's message: it is in English and counts characters, while the user needs the line number.
    return literalValue(line);
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
