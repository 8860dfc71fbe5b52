/**
 * Characters that XML does not allow, or that HTML calls an error: control characters but tab and line breaks, lone
 * surrogates, U+FFFE and U+FFFF.
 */
const forbidden =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Replaces characters that XML does not allow, or that HTML calls an error, by U+FFFD. */
export const withoutForbidden = (text: string): string => text.replace(forbidden, '\ufffd');

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Escapes a text for use in an HTML or SVG element or in a quoted attribute value. */
export const escapeXml = (text: string): string =>
  withoutForbidden(text).replace(/[&<>"']/g, (character) => entities[character] ?? '');
