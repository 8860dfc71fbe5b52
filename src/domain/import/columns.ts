import type { ImportFault } from '../errors';
import type { DataRole, RowOf } from '../records';
import { resolveReferences, type PassageLookup } from '../split/relevant';
import { wellFormed } from './encoding';
import { literalRecords } from './literal';

/**
 * Column names met in the wild (uniem, FlagEmbedding, sentence-transformers, Easy-Dataset, spreadsheets), in the order in which
 * they are tried. They are compared without case, spaces and underscores.
 */
const aliases = {
  passageId: ['id', 'pid', 'docid', 'passageid', 'corpusid', '编号', '序号'],
  questionId: ['id', 'qid', 'queryid', 'questionid', '编号', '序号'],
  pairId: ['id', 'pairid', '编号', '序号'],
  title: ['title', '标题'],
  passage: ['text', 'passage', 'content', 'contents', 'document', 'chunk', 'paragraph', 'body', '正文', '内容', '文本', '段落', '知识'],
  anchor: ['anchor', 'query', 'question', 'instruction', 'text', 'sentence1', '问题', '提问'],
  positive: ['positive', 'positivetext', 'textpos', 'pos', 'positivepassage', 'answer', 'output', 'passage', 'context', 'sentence2', '答案', '回答', '段落'],
  positiveId: ['positiveid', 'positiveids'],
  question: ['query', 'question', 'anchor', 'text', '问题', '提问'],
  relevant: [
    'relevant', 'relevantdocs', 'relevantids', 'relevantpassages', 'positiveids', 'positiveid', 'pos', 'pid', 'passageid', 'passageids', 'docid', 'docids',
    'positive', 'positivetext', 'textpos', 'passage', 'context', 'answer', '答案', '回答', '段落',
  ],
  sentence1: ['sentence1', 'text1', 'text', 'a', 'anchor', 'query', '句子1'],
  sentence2: ['sentence2', 'text2', 'scoredtext', 'b', 'positive', 'passage', '句子2'],
  score: ['score', 'label', 'similarity', '分数', '得分'],
} as const; // prettier-ignore
type AliasList = keyof typeof aliases;

type Columns = Map<string, unknown>;
type Fault = { fault: ImportFault; field?: string; expected?: string };
/** Rows without ids that were given: their place decides. */
type DraftOf = { [R in DataRole]: Omit<RowOf[R], 'id'> & { id: string | undefined } };
type Draft<R extends DataRole> = DraftOf[R];

class RowFault extends Error {
  constructor(readonly found: Fault) {
    super(found.fault);
  }
}

/** Cells by position, for formats without column names. */
const positions: Record<DataRole, string[]> = {
  knowledgeBase: ['text'],
  pairs: ['anchor', 'positive'],
  questions: ['query', 'relevant'],
  scoredPairs: ['sentence1', 'sentence2', 'score'],
};

function columnsOf(role: DataRole, value: unknown): Columns {
  if (typeof value === 'string') return columnsOf(role, [value]);
  if (Array.isArray(value)) {
    // A passage may hold a tab; the other roles are separated by it.
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

/** The first column of the list that holds something, with its name. */
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

/** @throws RowFault no-known-columns where the file has no such column, text-empty or field-missing where this row has nothing in it. */
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

/** Cells of a table hold lists as text: `["a1", "a2"]`, or as Python writes them. Anything else stays as it is. */
function listInCell(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*\[[^]*\]\s*$/.test(value)) return value;
  const items = literalRecords(value, 'literal').map((item) => ('value' in item ? item.value : undefined));
  return items.includes(undefined) ? value : items;
}

/** Without a knowledge base only a text of its own can stand for a passage that is named by id. */
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

/** Alpaca rows may put the matter of a question beside the instruction. */
function withInput(anchor: string, name: string, columns: Columns): string {
  const input = name === 'instruction' ? columns.get('input') : undefined;
  return typeof input === 'string' && input.trim() !== '' ? `${anchor}\n${wellFormed(input)}` : anchor;
}

/** How rows are read. */
export interface ReadOptions {
  /** The knowledge base: pairs may name their positives by its ids, and questions are looked up in it. */
  passages?: PassageLookup;
  /** A batch list names rows by their place in the file, so each row must stay, an empty question too. */
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
  // Two sentences with a score are a scored pair: a low score would be trained as a match.
  if (positive.name === 'sentence2' && knows(columns, 'score')) throw new RowFault({ fault: 'no-known-columns' });
  return textsOf(positive.value, 'positive').map((positiveText) => ({ id, anchor: text, positive: positiveText }));
}

/** Ids or texts of passages: a string, a list, or a judgement list {id: relevance} of which the positive ones count. */
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
 * With a knowledge base `relevant` holds ids that are there, and `ignored` tells the references that are not; without one it
 * holds what the file says, ids or texts (domain/split/relevant.ts decides later which passages those are).
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

/** The column lists of which a row of the role needs at least one to be read at all. */
const mainColumns: Record<DataRole, AliasList> = {
  knowledgeBase: 'passage',
  pairs: 'anchor',
  questions: 'question',
  scoredPairs: 'sentence1',
};

/** The same for people: the names that are met most, for the text on the left and what belongs to it. */
const wantedColumns: Record<DataRole, string> = {
  knowledgeBase: 'text / passage / content',
  pairs: 'anchor / query / question + positive / passage / answer',
  questions: 'text / query / question + relevant / positive_ids',
  scoredPairs: 'sentence1 + sentence2 + score',
};

/**
 * Gives raw records their role's form and every row an id that is its own: the file's, or `role-n` by the record's place.
 * One collector sees all records of a data set, over all its files.
 */
export class RowCollector<R extends DataRole> {
  readonly #ids = new Set<string>();
  #records = 0;

  constructor(
    private readonly role: R,
    private readonly options: ReadOptions = {},
  ) {}

  /** Rows of a record (several where it has several positives) with its references that lead nowhere, or why there are none. */
  rowsOf(value: unknown): { rows: RowOf[DataRole][]; ignored: string[] } | Fault {
    this.#records += 1;
    const ignored: string[] = [];
    try {
      const columns = columnsOf(this.role, value);
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
    // Questions point at passages by id, so two passages of one id cannot both be kept; of pairs, several may share their question's.
    if (this.#ids.has(id) && named !== undefined && (this.role === 'knowledgeBase' || this.role === 'questions'))
      throw new RowFault({ fault: 'duplicate-id', field: id });
    for (let copy = 2; this.#ids.has(id); copy++) id = `${named ?? `${this.role}-${this.#records}`}.${index + copy}`;
    this.#ids.add(id);
    return { ...draft, id };
  }
}
