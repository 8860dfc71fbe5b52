/** Matches lone surrogates only: with the `u` flag, a surrogate pair is one code point and does not match. */
const loneSurrogates = /\p{Surrogate}/gu;

/** Replaces lone surrogates by U+FFFD, as decoders do with invalid bytes: they have no UTF-8 form, and so no hash. */
export function wellFormed(text: string): string {
  return text.replace(loneSurrogates, '\ufffd');
}

/** Returns at most `limit` UTF-16 code units from the start of a text. Never cuts a character in half. */
export function cutAt(text: string, limit: number): string {
  const cut = text.slice(0, limit);
  return cut.length < text.length ? cut.replace(/[\ud800-\udbff]$/, '') : cut;
}
