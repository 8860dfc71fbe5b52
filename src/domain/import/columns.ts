import type { ImportFault } from '../errors';
import type { DataRole, RowOf } from '../records';
import { resolveReferences, type PassageLookup } from '../split/relevant';
import { wellFormed } from './encoding';
import { literalRecords } from './literal';
import { mappedRecord, type ColumnMapping } from './mapping';

/**
 * Column names used by uniem, FlagEmbedding, sentence-transformers, Easy-Dataset and spreadsheets, in the order in
 * which they are tried. Case, spaces, underscores and hyphens are ignored.
 */
export const aliases = {
  passageId: ['id', 'pid', 'docid', 'passageid', 'corpusid', '编号', '序号'],
  questionId: ['id', 'qid', 'queryid', 'questionid', '编号', '序号'],
  pairId: ['id', 'pairid', '编号', '序号'],
  title: ['title', '标题'],
  passage: [
    'text', 'passage', 'content', 'contents', 'document', 'chunk', 'paragraph', 'body', '正文', '内容', '文本', '段落', '知识',
  ],
  anchor: ['anchor', 'query', 'question', 'instruction', 'text', 'sentence1', '问题', '提问'],
  positive: [
    'positive', 'positivetext', 'textpos', 'pos', 'positivepassage', 'answer', 'output', 'passage', 'context',
    'sentence2', '答案', '回答', '段落',
  ],
  positiveId: ['positiveid', 'positiveids'],
  question: ['query', 'question', 'anchor', 'text', '问题', '提问'],
  relevant: [
    'relevant', 'relevantdocs', 'relevantids', 'relevantpassages', 'positiveids', 'positiveid', 'pos', 'pid',
    'passageid', 'passageids', 'docid', 'docids', 'positive', 'positivetext', 'textpos', 'passage', 'context', 'answer',
    '答案', '回答', '段落',
  ],
  sentence1: ['sentence1', 'text1', 'text', 'a', 'anchor', 'query', '句子1'],
  sentence2: ['sentence2', 'text2', 'scoredtext', 'b', 'positive', 'passage', '句子2'],
  score: ['score', 'label', 'similarity', '分数', '得分'],
} as const; // prettier-ignore
type AliasList = keyof typeof aliases;

type Columns = Map<string, unknown>;
type Fault = { fault: ImportFault; field?: string; expected?: string };
/** A row before it has its final id. Without an id in the file, the row's position decides. */
type DraftOf = { [R in DataRole]: Omit<RowOf[R], 'id'> & { id: string | undefined } };
type Draft<R extends DataRole> = DraftOf[R];

class RowFault extends Error {
  constructor(readonly found: Fault) {
    super(found.fault);
  }
}

/** The column of each cell in formats without column names. */
const positions: Record<DataRole, string[]> = {
  knowledgeBase: ['text'],
  pairs: ['anchor', 'positive'],
  questions: ['query', 'relevant'],
  scoredPairs: ['sentence1', 'sentence2', 'score'],
};

function columnsOf(role: DataRole, value: unknown): Columns {
  if (typeof value === 'string') return columnsOf(role, [value]);
  if (Array.isArray(value)) {
    // In a knowledge base a tab is part of the passage; in other roles it separates cells.
    const cells: unknown[] = role === 'knowledgeBase' ? [value.join('\t')] : value;
    return new Map(positions[role].map((name, index) => [name, cells[index]]));
  }
  if (typeof value !== 'object' || value === null) throw new RowFault({ fault: 'not-an-object' });
  return new Map(
    Object.entries(value).map(([name, inner]) => [name.toLowerCase().replace(/[\s_-]/g, ''), inner as unknown]),
  );
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
}

/** Returns the first column of the list that is not empty in this row, or null. */
function pick(columns: Columns, list: AliasList): { name: string; value: unknown } | null {
  for (const name of aliases[list]) {
    const value = columns.get(name);
    if (isGiven(value)) return { name, value };
  }
  return null;
}

function knows(columns: Columns, list: AliasList): boolean {
  return aliases[list].some((name) => columns.has(name));
}

function asText(value: unknown, field: string, mayBeEmpty = false): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') throw new RowFault({ fault: 'field-missing', field });
  if (value.trim() === '' && !mayBeEmpty) throw new RowFault({ fault: 'text-empty', field });
  return wellFormed(value);
}

/** @throws RowFault field-missing if the row has no such column, text-empty if the column has no value in this row. */
function required(columns: Columns, list: AliasList, field: string): { name: string; value: unknown } {
  const picked = pick(columns, list);
  if (picked) return picked;
  if (!knows(columns, list)) throw new RowFault({ fault: 'field-missing', field });
  throw new RowFault({ fault: 'text-empty', field });
}

function idOf(columns: Columns, list: 'passageId' | 'questionId' | 'pairId'): string | undefined {
  const value = pick(columns, list)?.value;
  return typeof value === 'string' || typeof value === 'number'
    ? wellFormed(String(value)).trim() || undefined
    : undefined;
}

function textsOf(value: unknown, field: string): string[] {
  return (Array.isArray(value) ? value : [value]).map((item: unknown) => asText(item, field));
}

function passageDraft(columns: Columns): Draft<'knowledgeBase'>[] {
  const text = asText(required(columns, 'passage', 'text').value, 'text');
  const title = pick(columns, 'title')?.value;
  return [{ id: idOf(columns, 'passageId'), text, ...(typeof title === 'string' ? { title: wellFormed(title) } : {}) }];
}

/** Parses a cell that holds a JSON or Python list as text, such as `["a1", "a2"]`. Returns any other cell unchanged. */
function listInCell(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*\[[^]*\]\s*$/.test(value)) return value;
  const items = literalRecords(value, 'literal').map((item) => ('value' in item ? item.value : undefined));
  return items.includes(undefined) ? value : items;
}

/**
 * Returns the texts of the positives that the row names by id, or null if it names none. Without a knowledge base the
 * ids cannot be looked up, so the row must also have the positive's text.
 */
function namedPositives(columns: Columns, passages: PassageLookup | undefined): string[] | null {
  const named = pick(columns, 'positiveId');
  if (!named) return null;
  if (!passages) {
    if (pick(columns, 'positive')) return null;
    throw new RowFault({ fault: 'needs-knowledge-base', field: 'positiveId' });
  }
  return textsOf(listInCell(named.value), 'positiveId').map((id) => {
    const text = passages.textOf.get(id);
    if (text === undefined) throw new RowFault({ fault: 'unknown-passage', field: id });
    return text;
  });
}

/** Alpaca rows may put part of the question into a separate `input` field. */
function withInput(anchor: string, name: string, columns: Columns): string {
  const input = name === 'instruction' ? columns.get('input') : undefined;
  return typeof input === 'string' && input.trim() !== '' ? `${anchor}\n${wellFormed(input)}` : anchor;
}

export interface ReadOptions {
  /** The knowledge base, for pairs that name positives by id and for the relevant passages of questions. */
  passages?: PassageLookup;
  /** Set if a batch list is used: it refers to rows by position, so rows with an empty question must stay. */
  keepEmptyAnchors?: boolean;
}

function anchorOf(columns: Columns, keepEmpty: boolean): string {
  if (keepEmpty && knows(columns, 'anchor') && !pick(columns, 'anchor')) return '';
  const anchor = required(columns, 'anchor', 'anchor');
  return withInput(asText(anchor.value, 'anchor', keepEmpty), anchor.name, columns);
}

function pairDrafts(columns: Columns, options: ReadOptions): Draft<'pairs'>[] {
  const text = anchorOf(columns, options.keepEmptyAnchors === true);
  const id = idOf(columns, 'pairId');
  const named = namedPositives(columns, options.passages);
  if (named) return named.map((positive) => ({ id, anchor: text, positive }));
  const positive = required(columns, 'positive', 'positive');
  // Two sentences with a score are a scored pair. Read as a pair, a low score would be trained as a match.
  if (positive.name === 'sentence2' && knows(columns, 'score')) throw new RowFault({ fault: 'no-known-columns' });
  return textsOf(positive.value, 'positive').map((positiveText) => ({ id, anchor: text, positive: positiveText }));
}

/**
 * Returns the ids or texts of the relevant passages. The value is a string, a list, or judgements {id: relevance},
 * where only positive relevance counts.
 */
function referencesOf(value: unknown): string[] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return Object.entries(value).flatMap(([id, relevance]) => (Number(relevance) > 0 ? [wellFormed(id)] : []));
  const list = listInCell(value);
  return (Array.isArray(list) ? list : [list]).flatMap((item: unknown) =>
    typeof item === 'string' || typeof item === 'number'
      ? [wellFormed(String(item))].filter((text) => text.trim() !== '')
      : [],
  );
}

/**
 * With a knowledge base, `relevant` holds only its ids, and unknown references are added to `ignored`. Without one,
 * `relevant` holds the ids or texts from the file, and domain/split/relevant.ts resolves them later.
 */
function questionDraft(columns: Columns, passages: PassageLookup | undefined, ignored: string[]): Draft<'questions'>[] {
  const text = asText(required(columns, 'question', 'text').value, 'text');
  const references = [...new Set(referencesOf(pick(columns, 'relevant')?.value))];
  if (references.length === 0) throw new RowFault({ fault: 'relevant-missing', field: 'relevant' });
  const id = idOf(columns, 'questionId');
  if (!passages) return [{ id, text, relevant: references }];
  const { relevant, unknown } = resolveReferences(references, passages);
  if (relevant.length === 0) throw new RowFault({ fault: 'unknown-passage', field: unknown[0] ?? '' });
  ignored.push(...unknown);
  return [{ id, text, relevant }];
}

function scoredDraft(columns: Columns): Draft<'scoredPairs'>[] {
  const sentence1 = asText(required(columns, 'sentence1', 'sentence1').value, 'sentence1');
  const sentence2 = asText(required(columns, 'sentence2', 'sentence2').value, 'sentence2');
  const score = Number(required(columns, 'score', 'score').value);
  if (!Number.isFinite(score)) throw new RowFault({ fault: 'field-missing', field: 'score' });
  return [{ id: idOf(columns, 'pairId'), sentence1, sentence2, score }];
}

/** A row needs at least one of these columns to be read as a row of the role. */
const mainColumns: Record<DataRole, AliasList> = {
  knowledgeBase: 'passage',
  pairs: 'anchor',
  questions: 'question',
  scoredPairs: 'sentence1',
};

/** The most common column names of each role, shown to the user. */
const wantedColumns: Record<DataRole, string> = {
  knowledgeBase: 'text / passage / content',
  pairs: 'anchor / query / question + positive / passage / answer',
  questions: 'text / query / question + relevant / positive_ids',
  scoredPairs: 'sentence1 + sentence2 + score',
};

/**
 * Converts raw records to rows of a role. Every row gets a unique id: the one in the file, or `role-n` for the n-th
 * record. Use one collector for all files of a data set.
 */
export class RowCollector<R extends DataRole> {
  readonly #ids = new Set<string>();
  #records = 0;
  #mapping: ColumnMapping | null = null;

  constructor(
    private readonly role: R,
    private readonly options: ReadOptions = {},
  ) {}

  /** Reads the records that follow with a chosen mapping, or by their column names if it is null. */
  useMapping(mapping: ColumnMapping | null): void {
    this.#mapping = mapping;
  }

  /**
   * Returns the rows of a record (several if it has several positives) with its unknown references, or the reason that
   * it has none.
   */
  rowsOf(value: unknown): { rows: RowOf[DataRole][]; ignored: string[] } | Fault {
    this.#records += 1;
    const ignored: string[] = [];
    try {
      const named = this.#mapping ? mappedRecord(this.role, value, this.#mapping) : value;
      const columns = columnsOf(this.role, named);
      if (!knows(columns, mainColumns[this.role])) throw new RowFault({ fault: 'no-known-columns' });
      const drafts = this.#drafts(columns, ignored);
      return { rows: drafts.map((draft, index) => this.#withId(draft, index)), ignored };
    } catch (thrown) {
      if (!(thrown instanceof RowFault)) throw thrown;
      if (thrown.found.fault !== 'no-known-columns') return thrown.found;
      const found = typeof value === 'object' && value !== null ? Object.keys(value) : [];
      return { ...thrown.found, field: found.join(', '), expected: wantedColumns[this.role] };
    }
  }

  #drafts(columns: Columns, ignored: string[]): Draft<DataRole>[] {
    const role: DataRole = this.role;
    switch (role) {
      case 'knowledgeBase':
        return passageDraft(columns);
      case 'pairs':
        return pairDrafts(columns, this.options);
      case 'questions':
        return questionDraft(columns, this.options.passages, ignored);
      case 'scoredPairs':
        return scoredDraft(columns);
      default:
        return role satisfies never;
    }
  }

  #withId(draft: Draft<DataRole>, index: number): RowOf[DataRole] {
    const named = draft.id;
    let id = named ?? `${this.role}-${this.#records}`;
    if (index > 0) id = `${id}.${index + 1}`;
    // Questions refer to passages by id, so a second passage with the same id is an error. Pairs may share an id.
    if (this.#ids.has(id) && named !== undefined && (this.role === 'knowledgeBase' || this.role === 'questions'))
      throw new RowFault({ fault: 'duplicate-id', field: id });
    for (let copy = 2; this.#ids.has(id); copy++) id = `${named ?? `${this.role}-${this.#records}`}.${index + copy}`;
    this.#ids.add(id);
    return { ...draft, id };
  }
}
