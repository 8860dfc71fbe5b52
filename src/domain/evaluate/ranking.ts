import type { Passage, Question } from '../records';

/** Number of top passages stored and shown per question. */
export const shownPassages = 10;

/**
 * The knowledge base in the order that breaks ties: of passages with equal scores, the smaller id ranks first. Metrics
 * therefore do not depend on the order of computation.
 */
export interface PassageOrder {
  ids: string[];
  /** Position of passage i when all ids are sorted ascending by UTF-16 code units. */
  place: Uint32Array;
  /** The inverse of `place`: the passage at each position. */
  inOrder: Uint32Array;
  indexOf: Map<string, number>;
}

export function passageOrder(passages: readonly Pick<Passage, 'id'>[]): PassageOrder {
  const ids = passages.map((passage) => passage.id);
  // Ids are unique, so no two are equal.
  const inOrder = Uint32Array.from(ids.keys()).sort((a, b) => ((ids[a] ?? '') < (ids[b] ?? '') ? -1 : 1));
  const place = new Uint32Array(ids.length);
  inOrder.forEach((passage, at) => (place[passage] = at));
  return { ids, place, inOrder, indexOf: new Map(ids.map((id, index) => [id, index])) };
}

/** Returns the indexes of a question's relevant passages. Skips passages that are not in the knowledge base. */
export function relevantPassages({ relevant }: Question, { indexOf }: Pick<PassageOrder, 'indexOf'>): number[] {
  return [...new Set(relevant)].flatMap((id) => indexOf.get(id) ?? []);
}

/** Returns the places of a question's relevant passages. Skips passages that are not in the knowledge base. */
export function relevantPlaces(question: Question, order: PassageOrder): number[] {
  return relevantPassages(question, order).map((passage) => order.place[passage] ?? 0);
}
