import { keyCharacters, type KeyCharacter } from '../split/questionKey';

/** Part of a text, from one code unit to before another. */
interface TextRange {
  from: number;
  to: number;
}

/** Yields the terms of the keyword search, with the range of the text that each comes from. */
function* terms(characters: readonly KeyCharacter[]): Generator<{ term: string; parts: KeyCharacter[] }> {
  const [only] = characters;
  if (only && characters.length === 1) yield { term: only.character, parts: [only] };
  for (const [at, second] of characters.entries()) {
    const first = characters[at - 1];
    if (first) yield { term: first.character + second.character, parts: [first, second] };
  }
}

/**
 * Returns the parts of a passage that it shares with a question as the keyword search sees them: pairs of neighbouring
 * characters, without white space and punctuation. Parts that touch are one.
 */
export function sharedTerms(question: string, passage: string): TextRange[] {
  const asked = new Set<string>();
  for (const { term } of terms(keyCharacters(question))) asked.add(term);
  const ranges: TextRange[] = [];
  for (const { term, parts } of terms(keyCharacters(passage))) {
    if (!asked.has(term)) continue;
    for (const { from, to } of parts) {
      const last = ranges.at(-1);
      if (last && from <= last.to) last.to = Math.max(last.to, to);
      else ranges.push({ from, to });
    }
  }
  return ranges;
}

/** A piece of a text. */
export interface MarkedPiece {
  text: string;
  isMarked: boolean;
}

/** Cuts a text at the ends of ranges, which are marked. */
export function markedPieces(text: string, ranges: readonly TextRange[]): MarkedPiece[] {
  const pieces: MarkedPiece[] = [];
  let at = 0;
  for (const { from, to } of ranges) {
    if (from > at) pieces.push({ text: text.slice(at, from), isMarked: false });
    pieces.push({ text: text.slice(from, to), isMarked: true });
    at = to;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), isMarked: false });
  return pieces;
}
