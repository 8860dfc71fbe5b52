import type { Question } from '../records';
import type { PassageLookup } from './passageLookup';

/** Separators between ids in one spreadsheet cell. */
const separators = /[;|,，；、\s]+/;

/**
 * Returns the id of a passage that a reference names by id or exact text. Spreadsheets and pandas write whole numbers
 * as `1.0`, so `1` and `1.0` name the same passage unless both are ids.
 */
function idOf(reference: string, lookup: PassageLookup): string | undefined {
  const text = reference.trim();
  const whole = /^(\d+)\.0+$/.exec(text)?.[1];
  const spellings = [
    reference,
    text,
    ...(whole === undefined ? [] : [whole]),
    ...(/^\d+$/.test(text) ? [`${text}.0`] : []),
  ];
  return spellings.find((spelling) => lookup.textOf.has(spelling)) ?? lookup.idOfText.get(text);
}

/**
 * Resolves a reference: an id, the exact text of a passage, or several ids in one cell such as `a1; a2`. A cell is a
 * list only if every piece is an id: a text that is not found may contain a piece that happens to be one, such as the
 * `2` of `twice, 2 kg each`.
 */
function idsOf(reference: string, lookup: PassageLookup): { known: string[]; unknown: string[] } {
  const own = idOf(reference, lookup);
  if (own !== undefined) return { known: [own], unknown: [] };
  const pieces = reference.split(separators).filter((piece) => piece !== '');
  const known = pieces.flatMap((piece) => idOf(piece, lookup) ?? []);
  return known.length > 0 && known.length === pieces.length
    ? { known, unknown: [] }
    : { known: [], unknown: [reference] };
}

/** Returns the passages that the references name, without duplicates, and the references that match no passage. */
export function resolveReferences(
  references: readonly string[],
  lookup: PassageLookup,
): { relevant: string[]; unknown: string[] } {
  const found = references.map((reference) => idsOf(reference, lookup));
  return {
    relevant: [...new Set(found.flatMap((result) => result.known))],
    unknown: found.flatMap((result) => result.unknown),
  };
}

interface ResolvedQuestions {
  /** Questions with at least one known passage. `relevant` holds only ids from the knowledge base. */
  kept: Question[];
  /** Questions that name no passage at all: the knowledge base has no answer to them. */
  unanswered: Question[];
  /** Every unknown reference, with the index of its question. `dropped`: none of the question's references is known. */
  unknown: { index: number; reference: string; dropped: boolean }[];
}

/**
 * Resolves the references of all questions. Reports unknown references and drops questions all of whose references are
 * unknown.
 */
export function resolveRelevant(questions: readonly Question[], lookup: PassageLookup): ResolvedQuestions {
  const kept: Question[] = [];
  const unanswered = questions.filter(({ relevant }) => relevant.length === 0);
  const unknown: ResolvedQuestions['unknown'] = [];
  questions.forEach((question, index) => {
    if (question.relevant.length === 0) return;
    const found = resolveReferences(question.relevant, lookup);
    const { relevant } = found;
    const dropped = relevant.length === 0;
    for (const reference of found.unknown) unknown.push({ index, reference, dropped });
    if (!dropped) kept.push({ ...question, relevant });
  });
  return { kept, unanswered, unknown };
}
