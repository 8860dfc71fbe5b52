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
