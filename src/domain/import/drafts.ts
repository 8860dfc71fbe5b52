import type { DataRole, RowOf } from '../records';
import { resolveReferences } from '../split/relevant';
import type { PassageLookup } from '../split/passageLookup';
import { asText, isGiven, isRounded, listInCell, RowFault, textsOf } from './cells';
import { unsureLabels } from './columnAliases';
import { keptOf } from './kept';
import type { Cell, Columns } from './rowColumns';
import type { RecordFault } from './recordReader';
import { noNumber, scoreIn } from './scores';
import { teacherScoresOf } from './teacherScores';
import { isObject } from '../isObject';

/** A row before it has its final id. If the file has no id, the id is made from the row's position. */
type DraftOf = { [R in DataRole]: Omit<RowOf[R], 'id'> & { id: string | undefined } };
export type Draft<R extends DataRole> = DraftOf[R];

export interface DraftOptions {
  /** The knowledge base, for pairs that name positives by id and for the relevant passages of questions. */
  passages?: PassageLookup;
  /** Whether to keep rows with an empty question, because a batch list refers to rows by position. */
  keepEmptyAnchors?: boolean;
  /** Returns the passages that a file of judgements (qrels) calls relevant for a question id. */
  judged?: (questionId: string) => string[] | undefined;
}

/** Remarks about a record that is kept. */
export interface DraftRemarks {
  /** References that match no passage. */
  ignored: string[];
  /** Number of passages whose score says that they are not relevant. */
  irrelevant: number;
  /** Number of pairs whose score is between 0 and 1. Training ignores such a score. */
  unusedScores: number;
  /** Columns whose value in this record cannot be read: an id or title that is a list, a score that is not a number. */
  unread: string[];
  /** Ids that are not used, because a spreadsheet has rounded them. */
  rounded: RecordFault[];
  /** Ids of negatives that match no passage. */
  unknownNegatives: string[];
  /** Number of negatives given by id that could not be looked up, because there is no knowledge base. */
  negativesNotFound: number;
}

/** Returns the ids without those that a spreadsheet has rounded, which are added to the remarks. */
function exactIds(ids: readonly string[], column: string, { rounded }: DraftRemarks): string[] {
  const isExact = (id: string): boolean => !isRounded(id);
  for (const field of ids) if (!isExact(field)) rounded.push({ fault: 'id-rounded', field, expected: column });
  return ids.filter(isExact);
}

function idOf(
  columns: Columns,
  list: 'passageId' | 'questionId' | 'pairId',
  remarks: DraftRemarks,
): string | undefined {
  const picked = columns.pick(list);
  if (!picked) return undefined;
  if (typeof picked.value === 'string' || typeof picked.value === 'number') {
    const [id = ''] = exactIds([String(picked.value).trim()], picked.column, remarks);
    return id === '' ? undefined : id;
  }
  remarks.unread.push(picked.column);
  return undefined;
}

function titleOf(columns: Columns, { unread }: DraftRemarks): string | undefined {
  const picked = columns.pick('title');
  if (!picked) return undefined;
  if (typeof picked.value === 'string') return picked.value;
  if (typeof picked.value === 'number') return String(picked.value);
  unread.push(picked.column);
  return undefined;
}

/** Returns the text of a cell that must have one. */
const textIn = ({ value, column }: Cell): string => asText(value, column);

function passageDraft(columns: Columns, remarks: DraftRemarks): Draft<'knowledgeBase'>[] {
  const text = textIn(columns.required('passage', 'text'));
  const title = titleOf(columns, remarks);
  return [{ id: idOf(columns, 'passageId', remarks), text, ...(title === undefined ? {} : { title }) }];
}

/** Returns the row's score or label as a number with its column, or null if the row has none that can be read. */
function scoreOf(
  columns: Columns,
  list: 'score' | 'pairScore',
  { unread }: DraftRemarks,
): { score: number; column: string } | null {
  const found = columns.look(list);
  const score = scoreIn(found?.value);
  if (!found || (score === null && unsureLabels.has(found.name))) return null;
  const picked = columns.pick(list) ?? found;
  if (score !== null) return { score, column: picked.column };
  unread.push(picked.column);
  return null;
}

/**
 * Throws not-positive if the row's score or label says that the two texts do not belong together. Training on such a
 * row would teach the opposite.
 */
function checkLabel(columns: Columns, remarks: DraftRemarks): void {
  const found = scoreOf(columns, 'pairScore', remarks);
  if (!found) return;
  const { score, column } = found;
  if (score <= 0) throw new RowFault({ fault: 'not-positive', field: column, expected: String(score) });
  if (score < 1) remarks.unusedScores += 1;
}

/**
 * Returns the texts of the positives that the row names by id. Without a knowledge base the ids cannot be looked up:
 * returns null if the row has the positive's text as well, else throws needs-knowledge-base.
 */
function namedPositives(
  columns: Columns,
  references: unknown,
  name: string,
  { passages }: DraftOptions,
  remarks: DraftRemarks,
) {
  if (!passages) {
    if (columns.has('positive')) return null;
    throw new RowFault({ fault: 'needs-knowledge-base', field: name });
  }
  const exact = exactIds(textsOf(listInCell(references), name), name, remarks);
  const { relevant, unknown } = resolveReferences(exact, passages);
  if (exact.length === 0 && remarks.rounded[0]) throw new RowFault(remarks.rounded[0]);
  if (relevant.length === 0) throw new RowFault({ fault: 'unknown-passage', field: unknown[0] ?? '' });
  for (const reference of unknown) remarks.ignored.push(reference);
  return relevant.flatMap((id) => passages.textOf.get(id) ?? []);
}

/** Returns the texts of the negatives that the row names by id. Adds a remark for each id that cannot be found. */
function namedNegatives(columns: Columns, { passages }: DraftOptions, remarks: DraftRemarks): string[] {
  const ids = columns.negativeIds().flatMap(({ texts, column }) => exactIds(texts, column, remarks));
  if (!passages) {
    remarks.negativesNotFound += ids.length;
    return [];
  }
  const { relevant, unknown } = resolveReferences(ids, passages);
  for (const id of unknown) remarks.unknownNegatives.push(id);
  return relevant.flatMap((id) => passages.textOf.get(id) ?? []);
}

/**
 * Returns the positives' texts: looked up by the ids in the row or in a file of judgements, else taken from the row.
 */
function positivesOf(columns: Columns, id: string | undefined, options: DraftOptions, remarks: DraftRemarks): string[] {
  const own = columns.pick('positiveId');
  const found = own && namedPositives(columns, own.value, own.column, options, remarks);
  if (found) return found;
  if (!columns.has('positive')) {
    const other = columns.pick('otherPositiveId');
    const judged = id === undefined ? undefined : options.judged?.(id);
    const references = other?.value ?? (judged?.length ? judged : undefined);
    const column = other?.column ?? 'qrels';
    const texts = references === undefined ? null : namedPositives(columns, references, column, options, remarks);
    if (texts) return texts;
    if (id !== undefined && options.judged) throw new RowFault({ fault: 'not-judged' });
  }
  const positive = columns.required('positive', 'positive');
  // Two sentences with a score are a scored pair. As a training pair, even a low-scored one would count as a match.
  if (positive.name === 'sentence2' && columns.knows('pairScore')) throw new RowFault({ fault: 'scored-pairs' });
  return textsOf(listInCell(positive.value), positive.column);
}

/** Alpaca rows may put part of the question into a separate `input` field. */
function withInput(anchor: string, name: string, columns: Columns): string {
  const input = name === 'instruction' ? columns.get('input') : undefined;
  return typeof input === 'string' && input.trim() !== '' ? `${anchor}\n${input}` : anchor;
}

function anchorOf(columns: Columns, keepEmpty: boolean): string {
  if (keepEmpty && columns.knows('anchor') && !columns.has('anchor')) return '';
  const anchor = columns.required('anchor', 'anchor');
  return withInput(asText(anchor.value, anchor.column, keepEmpty), anchor.name, columns);
}

function pairDrafts(columns: Columns, options: DraftOptions, remarks: DraftRemarks): Draft<'pairs'>[] {
  const anchor = anchorOf(columns, options.keepEmptyAnchors === true);
  const id = idOf(columns, 'pairId', remarks);
  const positives = positivesOf(columns, id, options, remarks);
  const negatives = columns
    .negatives()
    .flatMap(({ texts }) => texts)
    .concat(namedNegatives(columns, options, remarks));
  const scores = teacherScoresOf(columns, { positives: positives.length, negatives: negatives.length });
  if (!scores?.inLabel) checkLabel(columns, remarks);
  return positives.map((positive, i) => ({
    ...{ id, anchor, positive },
    ...(negatives.length > 0 ? { negatives } : {}),
    ...(scores ? { teacherScores: [scores.positives[i] ?? NaN, ...scores.negatives] } : {}),
  }));
}

/**
 * Returns the ids or texts of the relevant passages. The value is a string, a list, or judgements {id: relevance},
 * where only positive relevance counts. `column` is its name in the file.
 */
function referencesOf(value: unknown, column: string, remarks: DraftRemarks): string[] {
  if (isObject(value))
    return Object.entries(value).flatMap(([id, relevance]) => {
      const score = scoreIn(relevance);
      if (score === null) remarks.unread.push(column);
      else if (score > 0) return [id];
      else remarks.irrelevant += 1;
      return [];
    });
  const list = listInCell(value);
  const items: unknown[] = Array.isArray(list) ? list : [list];
  return items.filter(isGiven).flatMap((item) => {
    if (typeof item !== 'string' && typeof item !== 'number')
      throw new RowFault({ fault: 'not-a-text', field: column });
    return String(item).trim() === '' ? [] : [String(item)];
  });
}

/**
 * Returns the draft of a question. With a knowledge base, `relevant` holds only its ids, and unknown references are
 * added to the remarks. Without one, `relevant` holds the ids or texts from the file, and domain/split/relevant.ts
 * resolves them later. It is empty if all passages are judged as not relevant: other rows of the question may name the
 * relevant ones.
 */
function questionDraft(columns: Columns, options: DraftOptions, remarks: DraftRemarks): Draft<'questions'>[] {
  const text = textIn(columns.required('question', 'text'));
  const id = idOf(columns, 'questionId', remarks);
  const own = columns.pick('relevant');
  const given = own?.value ?? (id === undefined ? undefined : options.judged?.(id));
  const column = own?.column ?? columns.columnOf('relevant') ?? 'relevant';
  const irrelevantBefore = remarks.irrelevant;
  const references = [...new Set(exactIds(referencesOf(given, column, remarks), column, remarks))];
  const judgedIrrelevant = remarks.irrelevant > irrelevantBefore || (!own && given !== undefined);
  if (references.length === 0 && judgedIrrelevant) return [{ id, text, relevant: [] }];
  if (references.length === 0 && !own && id !== undefined && options.judged)
    throw new RowFault({ fault: 'not-judged' });
  const rounded = remarks.rounded.find(({ expected }) => expected === column);
  if (references.length === 0) throw new RowFault(rounded ?? { fault: 'relevant-missing', field: column });
  const found = scoreOf(columns, 'score', remarks);
  if (found && found.score <= 0) {
    remarks.irrelevant += references.length;
    return [{ id, text, relevant: [] }];
  }
  const { passages } = options;
  if (!passages) return [{ id, text, relevant: references }];
  const { relevant, unknown } = resolveReferences(references, passages);
  if (relevant.length === 0) throw new RowFault({ fault: 'unknown-passage', field: unknown[0] ?? '' });
  for (const reference of unknown) remarks.ignored.push(reference);
  return [{ id, text, relevant }];
}

function scoredDraft(columns: Columns, remarks: DraftRemarks): Draft<'scoredPairs'>[] {
  const sentence1 = textIn(columns.required('sentence1', 'sentence1'));
  const second = columns.required('sentence2', 'sentence2');
  const sentence2 = asText(scalarOf(second.value), second.column);
  const { value, column } = columns.required('pairScore', 'score');
  const score = scoreIn(value);
  if (score === null) throw new RowFault(noNumber(column, value));
  return [{ id: idOf(columns, 'pairId', remarks), sentence1, sentence2, score }];
}

/** Unwraps a list of one item, because a score belongs to a single text. Returns other values unchanged. */
function scalarOf(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : value;
}

/**
 * Returns the rows made from the columns, several if a pair has several positives. Throws RowFault if no row can be
 * made.
 */
export function draftsOf(
  role: DataRole,
  columns: Columns,
  options: DraftOptions,
  remarks: DraftRemarks,
): Draft<DataRole>[] {
  const drafts = draftsOfRole(role, columns, options, remarks);
  const kept = keptOf(columns, remarks.unread);
  return kept ? drafts.map((draft) => ({ ...draft, kept })) : drafts;
}

function draftsOfRole(
  role: DataRole,
  columns: Columns,
  options: DraftOptions,
  remarks: DraftRemarks,
): Draft<DataRole>[] {
  switch (role) {
    case 'knowledgeBase':
      return passageDraft(columns, remarks);
    case 'pairs':
      return pairDrafts(columns, options, remarks);
    case 'questions':
      return questionDraft(columns, options, remarks);
    case 'scoredPairs':
      return scoredDraft(columns, remarks);
    default:
      return role satisfies never;
  }
}
