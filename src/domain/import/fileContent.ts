import type { DataRole } from '../records';
import { isBundle, unbundled } from './bundle';
import { cleaned } from './cleaning';
import { judgementOf, rowIdOf } from './judgements';
import { unfilledFields } from './mapping';
import { namedCells } from './cells';
import { proposedMapping } from './proposedMapping';
import { Columns } from './rowColumns';
import { shaped } from './shapes';
import { isObject } from '../isObject';

/**
 * What the rows of a file are. `bundle`: one object with sections for several slots. `judgements`: qrels. `questions`:
 * with the ids of their passages. `texts`: passages, or questions whose passages are judged in another file. `other`:
 * nothing that a slot takes.
 */
export type ContentKind = 'bundle' | 'judgements' | 'pairs' | 'questions' | 'texts' | 'other';

/** Returns the kind of a record by its shape and column names. */
export function kindOf(value: unknown): ContentKind {
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

/** What a file holds, counted over all of its records. */
export interface FileContent {
  /** The file's name, with its folders if it came in one. */
  path: string;
  kind: ContentKind;
  /** Rows of the file, or judgements above 0. */
  rows: number;
  /** Rows that each section of a bundle makes. */
  sections: { passages: number; questions: number; pairs: number };
  titled: boolean;
  /** Ids of the rows, by the columns that name passages and by those that name questions. */
  passageIds: ReadonlySet<string>;
  questionIds: ReadonlySet<string>;
  /** The questions of judgements above 0 with the number of their passages, and these passages. */
  judged: ReadonlyMap<string, number>;
  judgedPassages: ReadonlySet<string>;
}

/** Collects what a file holds from its records. The first record decides the kind. */
export class ContentCounter {
  #kind: ContentKind | null = null;
  #rows = 0;
  #titled = false;
  readonly #sections = { passages: 0, questions: 0, pairs: 0 };
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
    if (!judgement || !(judgement.score > 0)) return;
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
    this.#titled ||= new Columns(Object.entries(value)).has('title');
    const passage = rowIdOf(value, 'passageId');
    const question = rowIdOf(value, 'questionId');
    if (passage !== null) this.#passageIds.add(passage);
    if (question !== null) this.#questionIds.add(question);
  }

  content(path: string): FileContent {
    return {
      path,
      kind: this.#kind ?? 'other',
      rows: this.#rows,
      sections: this.#sections,
      titled: this.#titled,
      passageIds: this.#passageIds,
      questionIds: this.#questionIds,
      judged: this.#judged,
      judgedPassages: this.#judgedPassages,
    };
  }
}
