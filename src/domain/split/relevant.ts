import type { Passage, Question } from '../records';

/** Looks up passages by id and by trimmed text. If several passages have the same text, the first one is found. */
export interface PassageLookup {
  textOf: ReadonlyMap<string, string>;
  idOfText: ReadonlyMap<string, string>;
}

export function passageLookup(knowledgeBase: readonly Passage[]): PassageLookup {
  const textOf = new Map<string, string>();
  const idOfText = new Map<string, string>();
  for (const passage of knowledgeBase) {
    textOf.set(passage.id, passage.text);
    const text = passage.text.trim();
    if (!idOfText.has(text)) idOfText.set(text, passage.id);
  }
  return { textOf, idOfText };
}

/** Separators between several ids in one spreadsheet cell. */
const separators = /[;|,，；、\s]+/;

/** Resolves a reference: an id, the exact text of a passage, or several ids in one cell such as `a1; a2`. */
function idsOf(reference: string, lookup: PassageLookup): { known: string[]; unknown: string[] } {
  const own = lookup.textOf.has(reference) ? reference : lookup.idOfText.get(reference.trim());
  if (own !== undefined) return { known: [own], unknown: [] };
  const pieces = reference.split(separators).filter((piece) => piece !== '');
  const known = pieces.filter((piece) => lookup.textOf.has(piece));
  // A cell without a single known id is not a list of ids, so report its whole text as unknown.
  if (known.length === 0) return { known: [], unknown: [reference] };
  return { known, unknown: pieces.filter((piece) => !lookup.textOf.has(piece)) };
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

export interface ResolvedQuestions {
  /** Questions with at least one known passage. `relevant` holds only ids from the knowledge base. */
  kept: Question[];
  /** Every unknown reference, with the index of its question. `dropped`: none of the question's references is known. */
  unknown: { index: number; reference: string; dropped: boolean }[];
}

/** Resolves the references of all questions. Reports unknown references and drops questions without a known passage. */
export function resolveRelevant(questions: readonly Question[], lookup: PassageLookup): ResolvedQuestions {
  const kept: Question[] = [];
  const unknown: ResolvedQuestions['unknown'] = [];
  questions.forEach((question, index) => {
    const found = resolveReferences(question.relevant, lookup);
    const { relevant } = found;
    const dropped = relevant.length === 0;
    for (const reference of found.unknown) unknown.push({ index, reference, dropped });
    if (!dropped) kept.push({ ...question, relevant });
  });
  return { kept, unknown };
}
