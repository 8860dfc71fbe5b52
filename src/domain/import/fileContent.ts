import type { DataRole } from '../records';
import { isBundle, unbundled } from './bundle';
import { cleaned } from './cleaning';
import { judgementOf, rowIdOf } from './judgements';
import { unfilledFields } from './mapping';
import { listInCell, namedCells } from './cells';
import { ColumnValues } from './columnValues';
import { proposedMapping } from './proposedMapping';
import { Columns } from './rowColumns';
import { shaped } from './shapes';
import { isObject } from '../isObject';

/**
 * The kind of a file's rows. `bundle`: one object with sections for several slots. `judgements`: qrels. `questions`:
 * questions with the ids of their passages. `texts`: passages, or questions whose passages are judged in another file.
 * `other`: rows that no slot takes.
 */
type ContentKind = 'bundle' | 'judgements' | 'pairs' | 'questions' | 'texts' | 'other';

/** Returns the kind of a record by its shape and column names. */
function kindOf(value: unknown): ContentKind {
  if (isBundle(value)) return 'bundle';
  if (judgementOf(value)) return 'judgements';
  const clean = cleaned(value);
  const row: unknown = 'fault' in clean ? null : shaped(clean.value)?.[0];
  const fills = (role: DataRole) => {
    const columns = [...(namedCells(role, row)?.keys() ?? [])];
    const mapping = proposedMapping(role, columns, !Array.isArray(row) && typeof row !== 'string');
    return unfilledFields(role, mapping).length === 0 ? mapping : null;
  };
  if (Array.isArray(row)) return row.length > 1 ? 'pairs' : 'texts';
  if (fills('scoredPairs') && !fills('questions')) return 'other';
  if (fills('pairs')?.some(({ field }) => field === 'positive')) return 'pairs';
  if (fills('questions')) return 'questions';
  return fills('knowledgeBase') ? 'texts' : 'other';
}

/** Contents of a file, counted over all of its records. */
export interface FileContent {
  /** The file's name, with its folders if it came in one. */
  path: string;
  kind: ContentKind;
  /** Number of rows in the file, or of judgements above 0. */
  rows: number;
  /** Number of rows that each section of a bundle makes. */
  sections: { passages: number; questions: number; pairs: number };
  titled: boolean;
  /** Ids of the rows, by the columns that name passages and by those that name questions. */
  passageIds: ReadonlySet<string>;
  questionIds: ReadonlySet<string>;
  /** Whether a record has a column with a name for questions, and none with a name for passages. */
  asks: boolean;
  /** Values of all columns: ids may be under any name. */
  values: ColumnValues;
  /** Ids or texts of passages that the rows name. */
  references: ReadonlySet<string>;
  /** The questions of judgements above 0 with the number of their passages; then these passages. */
  judged: ReadonlyMap<string, number>;
  judgedPassages: ReadonlySet<string>;
}

/** Counts what a file contains from its records. The first record decides the kind. */
export class ContentCounter {
  #kind: ContentKind | null = null;
  #rows = 0;
  #titled = false;
  readonly #sections = { passages: 0, questions: 0, pairs: 0 };
  #asks = false;
  readonly #values = new ColumnValues();
  readonly #references = new Set<string>();
  readonly #passageIds = new Set<string>();
  readonly #questionIds = new Set<string>();
  readonly #judged = new Map<string, number>();
  readonly #judgedPassages = new Set<string>();

  get kind(): ContentKind | null {
    return this.#kind;
  }

  add(value: unknown): void {
    this.#kind ??= kindOf(value);
    if (this.#kind === 'judgements') this.#judge(value);
    else if (isBundle(value)) this.#unbundle(value);
    else this.#row(value);
  }

  #judge(value: unknown): void {
    const judgement = judgementOf(value);
    if (!judgement || (judgement.score ?? 0) <= 0) return;
    this.#rows += 1;
    this.#judged.set(judgement.question, (this.#judged.get(judgement.question) ?? 0) + 1);
    this.#judgedPassages.add(judgement.passage);
  }

  #unbundle(value: unknown): void {
    this.#rows += 1;
    this.#sections.passages += unbundled('knowledgeBase', value).length;
    this.#sections.questions += unbundled('questions', value).length;
    this.#sections.pairs += unbundled('pairs', value).length;
  }

  #row(value: unknown): void {
    this.#rows += 1;
    if (!isObject(value)) return;
    const columns = new Columns(Object.entries(value));
    this.#titled ||= columns.has('title');
    this.#asks ||= columns.knows('question') && !columns.knows('passage');
    this.#values.add(Object.entries(value));
    if (this.#kind === 'questions') this.#refer(columns.peek('relevant'));
    const passage = rowIdOf(value, 'passageId');
    const question = rowIdOf(value, 'questionId');
    if (passage !== null) this.#passageIds.add(passage);
    if (question !== null) this.#questionIds.add(question);
  }

  #refer(value: unknown): void {
    const list = listInCell(value);
    for (const item of Array.isArray(list) ? (list as unknown[]) : [list])
      if (typeof item === 'string' || typeof item === 'number') this.#references.add(String(item).trim());
  }

  content(path: string): FileContent {
    return {
      path,
      kind: this.#kind ?? 'other',
      rows: this.#rows,
      sections: this.#sections,
      titled: this.#titled,
      asks: this.#asks,
      values: this.#values,
      references: this.#references,
      passageIds: this.#passageIds,
      questionIds: this.#questionIds,
      judged: this.#judged,
      judgedPassages: this.#judgedPassages,
    };
  }
}
