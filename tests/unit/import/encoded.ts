/** Returns the bytes of a text in an encoding of up to two bytes per character. Encoders only know UTF-8. */
export function encoded(encoding: string, text: string): Uint8Array<ArrayBuffer> {
  const wanted = new Set(text);
  const bytesOf = new Map<string, number[]>();
  const decoder = new TextDecoder(encoding);
  const take = (...bytes: number[]): void => {
    const character = decoder.decode(Uint8Array.from(bytes));
    if (wanted.has(character) && !bytesOf.has(character)) bytesOf.set(character, bytes);
  };
  for (let byte = 0; byte < 256; byte++) take(byte);
  for (let lead = 0x81; lead < 0xff; lead++) for (let trail = 0x40; trail < 0xff; trail++) take(lead, trail);
  return Uint8Array.from(
    [...text].flatMap((character) => {
      const bytes = bytesOf.get(character);
      if (!bytes) throw new Error(`${encoding} has no ${character}`);
      return bytes;
    }),
  );
}
