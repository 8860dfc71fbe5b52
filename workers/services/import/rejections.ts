import type { ImportFault } from '../../../src/domain/errors';
import type { FileNote } from '../../../src/domain/import/fileNotes';
import type { RecordFault } from '../../../src/domain/import/recordReader';
import { cutAt } from '../../../src/domain/wellFormed';
import type { RejectedRows, RejectedRow } from '../../../src/protocol/dataApi';

/** Limit on the rejections that a report lists. All of them are counted. */
const listedRejections = 1000;
/** Limit on the characters quoted in a report, for example of a passage that was not found. */
const excerptLength = 80;
export const rejectionExcerpt = (text: string): string => cutAt(text, excerptLength);

/** Faults that concern parts of a file other than rows, and remarks about rows that are kept. */
export const noted: ReadonlySet<ImportFault> = new Set([
  'title-row',
  'front-matter',
  'header-repeated',
  'headings-unused',
  'key-repeated',
  'columns-unused',
  'comments-unused',
  'sheets-unused',
  'cells-unreadable',
  'judged-irrelevant',
]);

export type RejectionPlace = Omit<RejectedRow, 'fault' | 'field' | 'expected' | 'rows'>;

/** Returns a fault with its quoted text cut to the length that a report allows. */
export function shortenedRejection({ fault, field, expected }: RecordFault): RecordFault {
  return {
    fault,
    ...(field === undefined ? {} : { field: rejectionExcerpt(field) }),
    ...(expected === undefined ? {} : { expected }),
  };
}

/** Collects the report of an import: rows left out, references ignored, and notes about rows that are kept. */
export class Rejections {
  readonly listed: RejectedRow[] = [];
  #rows = 0;
  #references = 0;
  #notes = 0;

  #list(row: RejectedRow): void {
    if (this.listed.length < listedRejections) this.listed.push(row);
  }

  add(row: RejectedRow): void {
    this.#rows += 1;
    this.#list(row);
  }

  /** Reports an ignored reference of a row that is kept. */
  ignore(place: RejectionPlace, reference: string, fault: ImportFault = 'reference-ignored'): void {
    this.#references += 1;
    this.#list({ ...place, fault, field: rejectionExcerpt(reference) });
  }

  /** Reports a change to a row that is kept, or a part of the file that was not used. */
  note(place: RejectionPlace, { fault, field, expected }: RecordFault): void {
    this.#notes += 1;
    this.#list({
      ...place,
      fault,
      ...(field === undefined ? {} : { field }),
      ...(expected === undefined ? {} : { expected }),
    });
  }

  /** Reports all rows left out for one reason as a single entry, because a file of questions may have thousands. */
  #leaveOut(place: RejectionPlace, { fault, field = '1' }: RecordFault): void {
    const rows = Number(field);
    this.#rows += rows;
    this.#list({ ...place, fault, field, rows });
  }

  notes(file: string, notes: readonly FileNote[]): void {
    for (const { line, ...note } of notes) {
      const place = line > 0 ? { file, line } : { file };
      if (note.fault === 'not-judged') this.#leaveOut(place, note);
      else this.note(place, note);
    }
  }

  get rejectedRows(): RejectedRows {
    return {
      rejected: this.listed,
      rejectedCount: this.#rows,
      ignoredCount: this.#references,
      noteCount: this.#notes,
    };
  }
}
