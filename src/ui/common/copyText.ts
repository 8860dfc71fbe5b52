/**
 * Copies a text; false where the browser does not let the page: on plain http, or where it was forbidden. Then the text should be shown, so that a
 * person can copy it.
 */
export async function copyText(text: string): Promise<boolean> {
  // The type says that it is always there; a page that is not secure has none.
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
