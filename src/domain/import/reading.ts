import type { ImportFault } from '../errors';

/** A record as it stands in a file: `line` counts from 1; records of JSON and Python lists have the line on which they begin. */
export type RawRecord = { line: number; value: unknown } | { line: number; fault: ImportFault };

export type ImportFormat = 'jsonl' | 'json' | 'csv' | 'txt' | 'literal';

/** Fed with text piece by piece, cut anywhere; gives the records that are complete. */
export interface RecordReader {
  push(text: string): RawRecord[];
  end(): RawRecord[];
}

/** Cuts a stream of text into lines, whatever their ends (\n, \r\n, \r). */
class LineCutter {
  #rest = '';
  #line = 0;

  /** Calls `take` with each complete line and its number. A \r at the very end waits: a \n may follow it. */
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

/** One JSON value a line. */
export function jsonlReader(): RecordReader {
  return lineReader((line) => {
    try {
      const value: unknown = JSON.parse(line);
      return { value };
    } catch {
      // What the parser says is in English and about characters; the line number is what the user needs.
      return { fault: 'json-broken' };
    }
  });
}

/** A text line as a list of its tab-separated cells. */
export function txtReader(): RecordReader {
  return lineReader((line) => ({ value: line.split('\t') }));
}
