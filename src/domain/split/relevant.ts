import type { Passage, Question } from '../records';

/** The knowledge base as references find it. Of equal texts the first passage answers. */
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

/** Spreadsheets hold several ids in one cell. */
const separators = /[;|,，；、\s]+/;

/** A reference names a passage by its id, by its exact text, or several by ids in one cell: `a1; a2`. */
function idsOf(reference: string, lookup: PassageLookup): { known: string[]; unknown: string[] } {
  const own = lookup.textOf.has(reference) ? reference : lookup.idOfText.get(reference.trim());
  if (own !== undefined) return { known: [own], unknown: [] };
  const pieces = reference.split(separators).filter((piece) => piece !== '');
  const known = pieces.filter((piece) => lookup.textOf.has(piece));
  // A cell without one known id is no list of ids: its whole text is what was not found.
  if (known.length === 0) return { known: [], unknown: [reference] };
  return { known, unknown: pieces.filter((piece) => !lookup.textOf.has(piece)) };
}

/** The passages that a question's references name, each once, and the references that lead nowhere. */
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
  /** Questions with at least one passage of the knowledge base; `relevant` holds ids that are there. */
  kept: Question[];
  /** Every reference that was not found, by the question's index; `dropped`: the question was left with none. */
  unknown: { index: number; reference: string; dropped: boolean }[];
}

/** Finds the passages that questions name. References that lead nowhere are told, and questions left with none are not kept. */
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
