import type { ImportFault } from '../errors';

/** A record of a file. `line` counts from 1; a record of several lines has the line on which it begins. */
export type RawRecord = { line: number; value: unknown } | { line: number; fault: ImportFault };

export type TextFormat = 'jsonl' | 'json' | 'csv' | 'txt' | 'markdown' | 'literal';
export type ImportFormat = TextFormat | 'xlsx';

/** A streaming reader. Takes text in pieces cut anywhere, and returns the records completed so far. */
export interface RecordReader {
  push(text: string): RawRecord[];
  end(): RawRecord[];
}

/** Splits a stream of text into lines that end in \n, \r\n or \r. */
export class LineCutter {
  #rest = '';
  #line = 0;

  /** Calls `take` with each complete line and its number. A final \r waits for the next piece: a \n may follow. */
  push(text: string, take: (line: string, number: number) => void): void {
    const all = this.#rest + text;
    const lineEnd = /\r\n|\n|\r(?=[^])/g;
    let from = 0;
    for (let match = lineEnd.exec(all); match; match = lineEnd.exec(all)) {
      take(all.slice(from, match.index), ++this.#line);
      from = lineEnd.lastIndex;
    }
    this.#rest = all.slice(from);
  }

  end(take: (line: string, number: number) => void): void {
    const last = this.#rest.replace(/\r$/, '');
    if (last !== '') take(last, ++this.#line);
    this.#rest = '';
  }
}

function lineReader(toRecord: (line: string) => { value: unknown } | { fault: ImportFault }): RecordReader {
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

/** Reads one JSON value per line. */
export function jsonlReader(): RecordReader {
  return lineReader((line) => {
    try {
      const value: unknown = JSON.parse(line);
      return { value };
    } catch {
      // Drop the parser's message: it is in English and counts characters, while the user needs the line number.
      return { fault: 'json-broken' };
    }
  });
}

/** Reads each line as a list of tab-separated cells. */
export function txtReader(): RecordReader {
  return lineReader((line) => ({ value: line.split('\t') }));
}
