import type { DataRole, RowOf } from '../records';
import { resolveReferences } from '../split/relevant';
import type { PassageLookup } from '../split/passageLookup';
import { asText, isGiven, listInCell, RowFault, textsOf } from './cells';
import { keptOf } from './kept';
import type { Columns } from './rowColumns';
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
  /** Number of passages that a score judges as not relevant. */
  irrelevant: number;
  /** Number of pairs whose score is between 0 and 1. Training ignores such a score. */
  unusedScores: number;
  /** Ids of negatives that match no passage. */
  unknownNegatives: string[];
  /** Ids of negatives that could not be looked up, because there is no knowledge base. */
  negativesNotFound: number;
}

function idOf(columns: Columns, list: 'passageId' | 'questionId' | 'pairId'): string | undefined {
  const value = columns.pick(list)?.value;
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() || undefined : undefined;
}

function passageDraft(columns: Columns): Draft<'knowledgeBase'>[] {
  const text = asText(columns.required('passage', 'text').value, 'text');
  const title = columns.pick('title')?.value;
  return [{ id: idOf(columns, 'passageId'), text, ...(typeof title === 'string' ? { title } : {}) }];
}

/** Words for a label of 0 in exports of annotation tools. */
const negativeLabels = /^\s*(?:false|no|neg|negative|irrelevant|否|负|不相关|无关)\s*$/i;

/** Returns the row's score or label as a number, 0 for a word that means no, or null if the row has neither. */
function scoreOf(columns: Columns): number | null {
  const value = columns.peek('score');
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string' && negativeLabels.test(value)) return 0;
  const score = Number(value);
  if (!isGiven(value) || !Number.isFinite(score)) return null;
  return score;
}

/**
 * Throws not-positive if the row's score or label says that the two texts do not belong together. Training on such a
 * row would teach the opposite.
 */
function checkLabel(columns: Columns, remarks: DraftRemarks): void {
  const score = scoreOf(columns);
  if (score === null) return;
  const { name = '' } = columns.pick('score') ?? {};
  if (score <= 0) throw new RowFault({ fault: 'not-positive', field: name, expected: String(score) });
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
  options: DraftOptions,
  remarks: DraftRemarks,
) {
  const { passages } = options;
  if (!passages) {
    if (columns.has('positive')) return null;
    throw new RowFault({ fault: 'needs-knowledge-base', field: name });
  }
  const { relevant, unknown } = resolveReferences(textsOf(listInCell(references), name), passages);
  if (relevant.length === 0) throw new RowFault({ fault: 'unknown-passage', field: unknown[0] ?? '' });
  for (const reference of unknown) remarks.ignored.push(reference);
  return relevant.flatMap((id) => passages.textOf.get(id) ?? []);
}

/** Returns the texts of the negatives that the row names by id. Ids that cannot be found are remarked on. */
function namedNegatives(columns: Columns, { passages }: DraftOptions, remarks: DraftRemarks): string[] {
  const ids = columns.negativeIds();
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
  const found = own && namedPositives(columns, own.value, 'positiveId', options, remarks);
  if (found) return found;
  if (!columns.has('positive')) {
    const other = columns.pick('otherPositiveId');
    const references = other?.value ?? (id === undefined ? undefined : options.judged?.(id));
    const texts =
      references === undefined ? null : namedPositives(columns, references, other?.name ?? 'qrels', options, remarks);
    if (texts) return texts;
    if (id !== undefined && options.judged) throw new RowFault({ fault: 'not-judged' });
  }
  const positive = columns.required('positive', 'positive');
  // Two sentences with a score are a scored pair. As a training pair, even a low-scored one would count as a match.
  if (positive.name === 'sentence2' && columns.knows('score')) throw new RowFault({ fault: 'no-known-columns' });
  return textsOf(listInCell(positive.value), 'positive');
}

/** Alpaca rows may put part of the question into a separate `input` field. */
function withInput(anchor: string, name: string, columns: Columns): string {
  const input = name === 'instruction' ? columns.get('input') : undefined;
  return typeof input === 'string' && input.trim() !== '' ? `${anchor}\n${input}` : anchor;
}

function anchorOf(columns: Columns, keepEmpty: boolean): string {
  if (keepEmpty && columns.knows('anchor') && !columns.has('anchor')) return '';
  const anchor = columns.required('anchor', 'anchor');
  return withInput(asText(anchor.value, 'anchor', keepEmpty), anchor.name, columns);
}

function pairDrafts(columns: Columns, options: DraftOptions, remarks: DraftRemarks): Draft<'pairs'>[] {
  const anchor = anchorOf(columns, options.keepEmptyAnchors === true);
  const id = idOf(columns, 'pairId');
  const positives = positivesOf(columns, id, options, remarks);
  checkLabel(columns, remarks);
  const negatives = columns.negatives().concat(namedNegatives(columns, options, remarks));
  return positives.map((positive) => ({ id, anchor, positive, ...(negatives.length > 0 ? { negatives } : {}) }));
}

/**
 * Returns the ids or texts of the relevant passages. The value is a string, a list, or judgements {id: relevance},
 * where only positive relevance counts.
 */
function referencesOf(value: unknown, remarks: DraftRemarks): string[] {
  if (isObject(value))
    return Object.entries(value).flatMap(([id, relevance]) => {
      if (Number(relevance) > 0) return [id];
      remarks.irrelevant += 1;
      return [];
    });
  const list = listInCell(value);
  const items: unknown[] = Array.isArray(list) ? list : [list];
  return items.filter(isGiven).flatMap((item) => {
    if (typeof item !== 'string' && typeof item !== 'number')
      throw new RowFault({ fault: 'field-missing', field: 'relevant' });
    return String(item).trim() === '' ? [] : [String(item)];
  });
}

/**
 * Returns the draft of a question. With a knowledge base, `relevant` holds only its ids, and unknown references are
 * added to the remarks. Without one, `relevant` holds the ids or texts from the file, and domain/split/relevant.ts
 * resolves them later. It is empty if a score judges the row's passages as not relevant: other rows of the question may
 * name the relevant ones.
 */
function questionDraft(columns: Columns, options: DraftOptions, remarks: DraftRemarks): Draft<'questions'>[] {
  const text = asText(columns.required('question', 'text').value, 'text');
  const id = idOf(columns, 'questionId');
  const own = columns.pick('relevant')?.value;
  const given = own ?? (id === undefined ? undefined : options.judged?.(id));
  const references = [...new Set(referencesOf(given, remarks))];
  if (references.length === 0 && own === undefined && id !== undefined && options.judged)
    throw new RowFault({ fault: 'not-judged' });
  if (references.length === 0) throw new RowFault({ fault: 'relevant-missing', field: 'relevant' });
  const score = scoreOf(columns);
  if (score !== null) columns.pick('score');
  if (score !== null && score <= 0) {
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

function scoredDraft(columns: Columns): Draft<'scoredPairs'>[] {
  const sentence1 = asText(columns.required('sentence1', 'sentence1').value, 'sentence1');
  const sentence2 = asText(scalarOf(columns.required('sentence2', 'sentence2').value), 'sentence2');
  const score = Number(columns.required('score', 'score').value);
  if (!Number.isFinite(score)) throw new RowFault({ fault: 'field-missing', field: 'score' });
  return [{ id: idOf(columns, 'pairId'), sentence1, sentence2, score }];
}

/** Unwraps a list of one item, because a score belongs to a single text. Returns other values unchanged. */
function scalarOf(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : value;
}

/** Returns the rows made from the columns, several if a pair has several positives. Throws RowFault if none. */
export function draftsOf(
  role: DataRole,
  columns: Columns,
  options: DraftOptions,
  remarks: DraftRemarks,
): Draft<DataRole>[] {
  const drafts = draftsOfRole(role, columns, options, remarks);
  const kept = keptOf(columns);
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
      return passageDraft(columns);
    case 'pairs':
      return pairDrafts(columns, options, remarks);
    case 'questions':
      return questionDraft(columns, options, remarks);
    case 'scoredPairs':
      return scoredDraft(columns);
    default:
      return role satisfies never;
  }
}
