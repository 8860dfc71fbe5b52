import type { DataRole, RowOf } from '../records';
import { mainColumns, wantedColumns } from './columnAliases';
import { RowFault } from './cells';
import { columnsOf, type Columns } from './rowColumns';
import { cleaned } from './cleaning';
import { draftsOf, type Draft, type DraftOptions, type DraftRemarks } from './drafts';
import { FileNotes, type FileNote } from './fileNotes';
import type { ColumnMapping } from './mapping';
import type { RecordFault } from './recordReader';
import { setFault, shaped, unusedMessages } from './shapes';

const noRemarks = (): DraftRemarks => ({
  ignored: [],
  irrelevant: 0,
  unusedScores: 0,
  unread: [],
  rounded: [],
  unknownNegatives: [],
  negativesNotFound: 0,
});

/** The rows of a record, and its references that match no passage. */
interface ReadRecord {
  rows: RowOf[DataRole][];
  ignored: string[];
  unknownNegatives: string[];
  /** Ids left out of the row because a spreadsheet has rounded them. */
  rounded: RecordFault[];
}

/**
 * Converts raw records to rows of a role. Every row gets a unique id: the one in the file, or `role-n` for the n-th
 * record. Use one collector for all files of a data set.
 */
export class RowCollector<R extends DataRole> {
  readonly #ids = new Set<string>();
  /** For ids that occur more than once, the lowest number that may still be free after the dot. */
  readonly #freeCopy = new Map<string, number>();
  /** Text of each question, by id. */
  readonly #questions = new Map<string, string>();
  /** Generated ids of the questions that have none in the file, by text. */
  readonly #unnamed = new Map<string, string>();
  readonly #notes = new FileNotes();
  #records = 0;
  #mapping: ColumnMapping | null = null;

  constructor(
    private readonly role: R,
    private readonly options: DraftOptions = {},
  ) {}

  /** Sets how later records are read: with a chosen mapping, or by their column names if it is null. */
  useMapping(mapping: ColumnMapping | null): void {
    this.#mapping = mapping;
  }

  /**
   * Returns the rows of a record (several if it has several positives) with its unknown references, or the reason why
   * it has no rows. Rows of one question share its id; `QuestionMerger` merges them.
   */
  rowsOf(value: unknown, line = 0): ReadRecord | RecordFault {
    this.#records += 1;
    const remarks = noRemarks();
    const clean = cleaned(value);
    if ('fault' in clean) return clean;
    try {
      const rows = this.#rowsOf(clean.value, line, remarks);
      if (clean.replaced) this.#notes.count('control-replaced', 1, line);
      this.#count(rows, remarks, line);
      const { ignored, unknownNegatives, rounded } = remarks;
      return { rows, ignored, unknownNegatives, rounded };
    } catch (thrown) {
      if (!(thrown instanceof RowFault)) throw thrown;
      if (thrown.found.fault === 'not-judged') {
        this.#notes.count('not-judged', 1, line);
        return { rows: [], ignored: [], unknownNegatives: [], rounded: remarks.rounded };
      }
      if (thrown.found.fault !== 'no-known-columns') return thrown.found;
      const found = typeof value === 'object' && value !== null ? Object.keys(value) : [];
      if (found.length === 0) return { fault: 'row-empty' };
      return { ...thrown.found, field: found.join(', '), expected: wantedColumns[this.role] };
    }
  }

  /** Returns the columns used by rows since the last call of `fileNotes`. */
  usedColumns(): ReadonlySet<string> {
    return this.#notes.usedColumns();
  }

  /** Returns the notes about the records since the last call. Call it at the end of each file. */
  fileNotes(): FileNote[] {
    return this.#notes.take();
  }

  #rowsOf(value: unknown, line: number, remarks: DraftRemarks): RowOf[DataRole][] {
    const records = shaped(value);
    if (records === null) throw new RowFault({ fault: setFault(value) ?? 'set-too-long' });
    const all: Columns[] = records.map((record) => columnsOf(this.role, record, this.#mapping));
    const drafts = all.flatMap((columns) => {
      if (!columns.knows(mainColumns[this.role])) throw new RowFault({ fault: 'no-known-columns' });
      return draftsOf(this.role, columns, this.options, remarks);
    });
    const rows = drafts.map((draft, index) => this.#withId(draft, index));
    for (const columns of all) this.#notes.columns(columns.names(), line);
    this.#notes.count('messages-unused', unusedMessages(value), line);
    return rows;
  }

  #count(rows: readonly RowOf[DataRole][], remarks: DraftRemarks, line: number): void {
    const [first] = rows;
    // Rows of one record share its negatives.
    if (first && 'negatives' in first) this.#notes.count('negatives-unused', first.negatives?.length ?? 0, line);
    if (this.role === 'pairs')
      this.#notes.scored(rows.length > 0 && rows.every((row) => 'teacherScores' in row), rows.length, line);
    this.#notes.count('judged-irrelevant', remarks.irrelevant, line);
    this.#notes.count('score-unused', remarks.unusedScores, line);
    this.#notes.count('negatives-not-found', remarks.negativesNotFound, line);
    for (const column of remarks.unread) this.#notes.unread(column, line);
  }

  #withId(draft: Draft<DataRole>, index: number): RowOf[DataRole] {
    if ('relevant' in draft) return { ...draft, id: this.#questionId(draft, index) };
    const named = draft.id;
    // Questions refer to passages by id, so a second passage with the same id is an error. Pairs may share an id.
    if (named !== undefined && this.role === 'knowledgeBase' && this.#ids.has(named))
      throw new RowFault({ fault: 'duplicate-id', field: named });
    return { ...draft, id: this.#newId(named, index) };
  }

  /**
   * Returns the id of a question. Rows of the same question share it, whether their ids are equal or missing. Throws
   * RowFault if two different questions have the same id.
   */
  #questionId(draft: Draft<'questions'>, index: number): string {
    const known = draft.id ?? this.#unnamed.get(draft.text);
    const text = known === undefined ? undefined : this.#questions.get(known);
    if (text !== undefined && text !== draft.text) throw new RowFault({ fault: 'duplicate-id', field: known ?? '' });
    if (known !== undefined && text !== undefined) return known;
    const id = this.#newId(draft.id, index);
    this.#questions.set(id, draft.text);
    if (draft.id === undefined) this.#unnamed.set(draft.text, id);
    return id;
  }

  #newId(named: string | undefined, index: number): string {
    const base = named ?? `${this.role}-${this.#records}`;
    let id = index > 0 ? `${base}.${index + 1}` : base;
    if (this.#ids.has(id)) id = this.#unused(base, index + 2);
    this.#ids.add(id);
    return id;
  }

  /**
   * Returns the first unused `base.n` with n ≥ `from`. Remembers where the search ended, because many pairs may share
   * an id.
   */
  #unused(base: string, from: number): string {
    const free = this.#freeCopy.get(base) ?? 2;
    let copy = Math.max(from, free);
    while (this.#ids.has(`${base}.${copy}`)) copy += 1;
    // Only a search that began at the old end proves that all numbers below the new end are taken.
    if (from <= free) this.#freeCopy.set(base, copy + 1);
    return `${base}.${copy}`;
  }
}
