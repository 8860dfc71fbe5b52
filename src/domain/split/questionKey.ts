/**
 * White space, the blank Braille pattern, controls and characters without a width, such as joiners, variation selectors
 * and soft hyphens.
 */
const invisible = /[\p{White_Space}\u2800\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]+/gu;
/**
 * Punctuation, with `~`, `|`, `^`, the backquote and the ratio sign `∶`, which Unicode counts as symbols. Does not
 * match characters that change what is asked: C# is not C, 5% is not 5, 1.5 is not 15, and 2^10 is not 210.
 */
const punctuation = /(?<!\p{Nd})[.^]|[.^](?!\p{Nd})|(?![.#%&@])[\p{P}~`|∶]/gu;

/**
 * Returns a key that is equal for two spellings of one question: the text in NFKC, without white space, punctuation and
 * invisible characters, and with `foldCase` in one letter case. A text of only punctuation is its own key, trimmed, so
 * that `？` and `！` differ.
 */
export function questionKey(text: string, foldCase: boolean): string {
  const bare = text.normalize('NFKC').replace(invisible, '').replace(punctuation, '');
  if (bare === '') return text.trim();
  // Converting to upper case first also unites ß with ss, and the two forms of the small sigma.
  return foldCase ? bare.toUpperCase().toLowerCase().normalize('NFKC') : bare;
}

/** A character of a text's key, and the part of the text that it comes from, in code units. */
export interface KeyCharacter {
  character: string;
  from: number;
  to: number;
}

/** Returns the characters that a pattern does not match. */
function without(characters: readonly KeyCharacter[], pattern: RegExp): KeyCharacter[] {
  const matched = characters
    .map(({ character }) => character)
    .join('')
    .matchAll(pattern);
  const ranges = [...matched].map((match) => ({ begin: match.index, end: match.index + match[0].length }));
  let [at, range] = [0, 0];
  return characters.filter(({ character }) => {
    const begin = at;
    at += character.length;
    while ((ranges[range]?.end ?? Infinity) <= begin) range += 1;
    return begin < (ranges[range]?.begin ?? Infinity);
  });
}

/**
 * Returns the characters of `questionKey(text, true)` with their places in the text. Characters that only a longer text
 * decides about, such as the Greek final sigma, may differ from the key's.
 */
export function keyCharacters(text: string): KeyCharacter[] {
  const normalised: KeyCharacter[] = [];
  for (const { segment, index } of new Intl.Segmenter('und', { granularity: 'grapheme' }).segment(text))
    for (const character of segment.normalize('NFKC'))
      normalised.push({ character, from: index, to: index + segment.length });
  const bare = without(without(normalised, invisible), punctuation);
  return bare.flatMap(({ character, from, to }) => {
    const folded = [...character.toUpperCase().toLowerCase().normalize('NFKC')];
    return folded.map((one) => ({ character: one, from, to }));
  });
}
