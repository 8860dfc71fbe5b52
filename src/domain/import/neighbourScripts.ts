/** Encodings of Korean and Japanese. Nearly all bytes of such texts are also valid in GB18030, as rare characters. */
export const neighbourEncodings = ['euc-kr', 'shift_jis', 'euc-jp'] as const;
export type NeighbourEncoding = (typeof neighbourEncodings)[number];

export const isNeighbourEncoding = (name: string): name is NeighbourEncoding =>
  neighbourEncodings.some((known) => known === name);

/** Frequent syllables, which make up half of those in Korean text. */
const frequentSyllables = new Set(
  '이다는에의을를가고하은지로한기도사어서자리시나인아대수해있일으들것정보전그게면라부스주제원여과장만비와안용동상경조유위적요관생소성중',
);
const hangul = /[\uac00-\ud7a3]/g;
/** Full-width hiragana and katakana. GB18030 text read as Shift_JIS consists of half-width katakana. */
const kana = /[\u3041-\u3096\u30a1-\u30fa\u30fc]/g;
/** Least share of the script's letters among characters beyond ASCII. Japanese text also has Chinese characters. */
const leastShare = { hangul: 0.9, kana: 0.3 };

const shareOf = (letters: number, text: string): number => letters / (text.match(/[^\u0000-\u007f]/gu)?.length ?? 1);

/**
 * Returns the number of characters that suggest Korean or Japanese text: frequent syllables, or kana. Returns 0 if too
 * much of the text is in another script. Comparable with `plausibility` of the same bytes read as Chinese.
 */
export function neighbourPlausibility(encoding: NeighbourEncoding, text: string): number {
  if (encoding !== 'euc-kr') {
    const letters = text.match(kana)?.length ?? 0;
    return shareOf(letters, text) < leastShare.kana ? 0 : letters;
  }
  const letters = text.match(hangul) ?? [];
  if (shareOf(letters.length, text) < leastShare.hangul) return 0;
  return letters.filter((syllable) => frequentSyllables.has(syllable)).length;
}
