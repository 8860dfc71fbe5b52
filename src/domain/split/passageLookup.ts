import type { Passage } from '../records';

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
