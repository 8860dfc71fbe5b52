import type { FileNote } from '../../../src/domain/import/fileNotes';
import type { RecordFault } from '../../../src/domain/import/recordReader';
import type { RejectedRows, RejectedRow } from '../../../src/protocol/dataApi';

/** Limit on rejections listed in a report. All are counted. */
const listedRejections = 1000;
/** Limit on the characters quoted in a report, for example of a passage that was not found. */
const excerptLength = 80;
export const excerpt = (text: string): string => text.slice(0, excerptLength);

export type Place = Omit<RejectedRow, 'fault' | 'field' | 'expected'>;

/** Returns a fault with its quoted text cut to the length that a report allows. */
export function shortened({ fault, field, expected }: RecordFault): RecordFault {
  return {
    fault,
    ...(field === undefined ? {} : { field: excerpt(field) }),
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

  /** Reports a reference that was ignored, of a row that is kept. */
  ignore(place: Place, reference: string): void {
    this.#references += 1;
    this.#list({ ...place, fault: 'reference-ignored', field: excerpt(reference) });
  }

  /** Reports a change of a row that is kept, or something in the file that no row uses. */
  note(place: Place, { fault, field }: RecordFault): void {
    this.#notes += 1;
    this.#list({ ...place, fault, ...(field === undefined ? {} : { field }) });
  }

  notes(file: string, notes: readonly FileNote[]): void {
    for (const { line, ...note } of notes) this.note(line > 0 ? { file, line } : { file }, note);
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
