/**
 * Copies a text to the clipboard. Returns false if the browser does not allow it (plain http, or permission denied);
 * the caller should then show the text, so that the user can copy it.
 */
export async function copyText(text: string): Promise<boolean> {
  // According to the DOM types the clipboard always exists, but it is missing on an insecure page.
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
