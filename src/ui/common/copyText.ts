/**
 * Copies a text to the clipboard. Returns false if the browser does not allow it (plain http, or permission denied);
 * the caller should then show the text, so that the user can copy it.
 */
export async function copyText(text: string): Promise<boolean> {
  // The DOM types say that it always exists, but an insecure page has none.
  const clipboard = Reflect.get(navigator, 'clipboard') as Clipboard | undefined;
  if (!clipboard) return false;
  try {
    await clipboard.writeText(text);
    return true;
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === 'NotAllowedError') return false;
    throw thrown;
  }
}
