import type { DataRole } from '../records';
import { isRounded } from './cells';
import { Columns } from './rowColumns';
import { judgementIn, judgementOf, rowIdOf } from './judgements';
import type { RecordFault } from './recordReader';
import { noNumber, scoreIn } from './scores';
import { isObject } from '../isObject';

/** Names of the sections in a file that holds a whole evaluation set, as written by LlamaIndex and MTEB. */
const sections = {
  passages: ['corpus', 'passages', 'documents'],
  questions: ['queries', 'questions'],
  relevant: ['relevant_docs', 'relevantdocs', 'qrels', 'relevant'],
  pairs: ['pairs'],
} as const;
type Section = keyof typeof sections;
export const sectionNames: ReadonlySet<string> = new Set(Object.values(sections).flat());

const nameOf = (value: Record<string, unknown>, section: Section): string | undefined =>
  sections[section].find((known) => typeof value[known] === 'object' && value[known] !== null);

function sectionOf(value: Record<string, unknown>, section: Section): unknown {
  const name = nameOf(value, section);
  return name === undefined ? undefined : value[name];
}

const isRows = (value: unknown): boolean => isObject(value) || (Array.isArray(value) && isObject(value[0]));

/**
 * Whether the value is an object with a section of questions or passages, and a second section that belongs with it.
 */
export function isBundle(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  const has = (section: Section): boolean => isRows(sectionOf(value, section));
  return has('questions') ? has('passages') || has('relevant') : has('passages') && has('pairs');
}

/** Returns the rows of a section, which is a list or an object whose keys are the ids. */
function rowsOf(section: unknown): Record<string, unknown>[] {
  if (Array.isArray(section)) return section.map((row: unknown) => (isObject(row) ? row : { text: row }));
  if (!isObject(section)) return [];
  return Object.entries(section).map(([id, row]) => (isObject(row) ? { id, ...row } : { id, text: row }));
}

const isId = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number';

const questionIdOf = (row: Record<string, unknown>): string => rowIdOf(row, 'questionId') ?? '';

/** Returns the text of a passage, from whichever column the knowledge base would read. */
const textOf = (row: Record<string, unknown>): unknown => new Columns(Object.entries(row)).pick('passage')?.value;

/** Whether a passage with an id has no text. Its report names the id, because all rows of the file share a line. */
const isEmpty = (row: Record<string, unknown>): boolean =>
  textOf(row) === undefined && rowIdOf(row, 'passageId') !== null;

/** Returns the ids of the passages judged relevant, by question. The section is an object or a list of judgements. */
function judged(bundle: Record<string, unknown>): Map<string, unknown> {
  const relevant = sectionOf(bundle, 'relevant');
  if (isObject(relevant)) return new Map(Object.entries(relevant));
  const found = new Map<string, Map<string, number>>();
  for (const value of Array.isArray(relevant) ? relevant : []) {
    const judgement = judgementOf(value);
    if (!judgement || judgement.score === null) continue;
    const scores = found.get(judgement.question) ?? new Map<string, number>();
    found.set(judgement.question, scores.set(judgement.passage, judgement.score));
  }
  return new Map([...found].map(([question, scores]) => [question, Object.fromEntries(scores)]));
}

/** Adds to each question the passages that the file judges relevant for it. */
function questionsOf(bundle: Record<string, unknown>): Record<string, unknown>[] {
  const relevant = judged(bundle);
  return rowsOf(sectionOf(bundle, 'questions')).map((row) => {
    const id = questionIdOf(row);
    return relevant.has(id) ? { ...row, relevant: relevant.get(id) } : row;
  });
}

function relevantIds(judgements: unknown): string[] {
  if (Array.isArray(judgements)) return judgements.filter(isId).map(String);
  if (!isObject(judgements)) return isId(judgements) ? [String(judgements)] : [];
  return Object.entries(judgements).flatMap(([id, score]) => ((scoreIn(score) ?? 0) > 0 ? [id] : []));
}

/** Returns faults for the judgements of one question that `relevantIds` leaves out. `field` is the section's name. */
function unreadJudgements(judgements: unknown, field: string): RecordFault[] {
  if (Array.isArray(judgements)) return judgements.flatMap((id) => (isId(id) ? [] : [{ fault: 'not-a-text', field }]));
  if (!isObject(judgements)) return isId(judgements) ? [] : [{ fault: 'not-a-text', field }];
  const scores = Object.values(judgements).map((value) => ({ value, score: scoreIn(value) }));
  const irrelevant = scores.filter(({ score }) => score !== null && score <= 0).length;
  return [
    ...scores.flatMap(({ value, score }) => (score === null ? [noNumber(field, value)] : [])),
    ...(irrelevant > 0 ? [{ fault: 'judged-irrelevant' as const, field: String(irrelevant) }] : []),
  ];
}

/**
 * Returns one pair per question, with the texts of its relevant passages. Passages that are not in the file are named
 * by id in a separate row, so that the import finds them in the knowledge base or reports them.
 */
function pairsOf(bundle: Record<string, unknown>): Record<string, unknown>[] {
  const given = sectionOf(bundle, 'pairs');
  if (given !== undefined) return rowsOf(given);
  const passages = rowsOf(sectionOf(bundle, 'passages'));
  const texts = new Map(passages.map((row) => [rowIdOf(row, 'passageId') ?? '', textOf(row)]));
  return questionsOf(bundle).flatMap(({ relevant, ...row }) => {
    const ids = relevantIds(relevant);
    // `bundleFaults` reports the passages that have no text.
    const missing = ids.filter((id) => !texts.has(id));
    const positive = ids.flatMap((id) => texts.get(id) ?? []);
    return [
      ...(positive.length > 0 || missing.length === 0 ? [{ ...row, positive }] : []),
      ...(missing.length > 0 ? [{ ...row, positiveId: missing }] : []),
    ];
  });
}

/** Returns the records that a file of sections holds for the role. Returns any other value as a single record. */
export function unbundled(role: DataRole, value: unknown): unknown[] {
  if (!isBundle(value)) return [value];
  switch (role) {
    case 'knowledgeBase':
      return rowsOf(sectionOf(value, 'passages')).filter((row) => !isEmpty(row));
    case 'questions':
      return questionsOf(value);
    case 'pairs':
      return pairsOf(value);
    case 'scoredPairs':
      return [value];
    default:
      return role satisfies never;
  }
}

/** Returns the faults that keep a row from being a judgement, or an empty list. */
export function judgementFaults(row: unknown): RecordFault[] {
  const columns = new Columns(typeof row === 'object' && row !== null ? Object.entries(row) : []);
  const judgement = judgementIn(columns);
  if (!judgement) return [{ fault: 'no-known-columns', field: '', expected: 'query-id + corpus-id + score' }];
  const rounded = (['judgedQuestion', 'judgedPassage'] as const).find((list) => isRounded(String(columns.peek(list))));
  if (rounded !== undefined)
    return [{ fault: 'id-rounded', field: String(columns.peek(rounded)), expected: columns.columnOf(rounded) ?? '' }];
  if (judgement.score !== null) return [];
  const field = columns.columnOf('pairScore') ?? 'score';
  const value = columns.peek('pairScore');
  return [value === undefined ? { fault: 'text-empty', field } : noNumber(field, value)];
}

const passageEmpty = (field: string): RecordFault => ({ fault: 'passage-empty', field });

/** Returns the ids of the passages that have no text. */
const emptyPassages = (bundle: Record<string, unknown>): string[] =>
  rowsOf(sectionOf(bundle, 'passages'))
    .filter(isEmpty)
    .map((row) => rowIdOf(row, 'passageId') ?? '');

/** Returns faults for judgements from which no pair can be made. Each passage without a text is reported once. */
function pairFaults(bundle: Record<string, unknown>): RecordFault[] {
  const field = nameOf(bundle, 'relevant') ?? 'relevant';
  const judgements = [...judged(bundle).values()];
  const relevant = new Set(judgements.flatMap(relevantIds));
  return [
    ...emptyPassages(bundle)
      .filter((id) => relevant.has(id))
      .map(passageEmpty),
    ...judgements.flatMap((one) => unreadJudgements(one, field)),
  ];
}

/** Returns faults for the parts that `unbundled` leaves out for this role: judgements and whole sections. */
export function bundleFaults(role: DataRole, value: unknown): RecordFault[] {
  if (!isBundle(value) || role === 'scoredPairs') return [];
  const used = new Set((Object.keys(sections) as Section[]).map((section) => nameOf(value, section)));
  const unused = Object.keys(value).filter((name) => !used.has(name));
  const faults: RecordFault[] = unused.length > 0 ? [{ fault: 'columns-unused', field: unused.join(', ') }] : [];
  if (role === 'knowledgeBase') return [...faults, ...emptyPassages(value).map(passageEmpty)];
  if (role === 'pairs' && nameOf(value, 'pairs') !== undefined) return faults;
  // A call of `push` with all of these as arguments would overflow the stack.
  if (role === 'pairs') for (const fault of pairFaults(value)) faults.push(fault);
  const asked = new Set(rowsOf(sectionOf(value, 'questions')).map(questionIdOf));
  for (const id of judged(value).keys()) if (!asked.has(id)) faults.push({ fault: 'unknown-question', field: id });
  const relevant = sectionOf(value, 'relevant');
  for (const row of Array.isArray(relevant) ? relevant : []) faults.push(...judgementFaults(row));
  return faults;
}
