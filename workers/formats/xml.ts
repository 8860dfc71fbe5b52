/*
 * Reads the XML of workbooks with searches whose time is proportional to the text. With a pattern that looks for a
 * closing tag after each opening one, it would not be.
 */

const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(
    /&(?:#x([\da-f]{1,6})|#(\d{1,7})|(\w+));/gi,
    (whole, hex?: string, decimal?: string, name = '') => {
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      if (hex === undefined && decimal === undefined) return entities[name as string] ?? whole;
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

/** Yields the attributes of each element called `name`, with or without a namespace prefix. */
export function* elements(xml: string, name: string): Generator<Map<string, string>> {
  for (const [, attributes = ''] of xml.matchAll(new RegExp(`<(?:\\w+:)?${name}\\b([^<>]*)>`, 'g')))
    yield attributesIn(attributes);
}

/** Returns the values of the attributes of a tag, by their names without prefix. */
export function attributesIn(tag: string): Map<string, string> {
  return new Map(
    [...tag.matchAll(/(?:^|\s)([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map(([, key = '', double, single]) => [
      key.replace(/^\w+:/, ''),
      unescaped(double ?? single ?? ''),
    ]),
  );
}

/** Returns the first element called `name` with its content, or an empty text. */
export function elementText(xml: string, name: string): string {
  const opening = new RegExp(`<(?:\\w+:)?${name}\\b`).exec(xml);
  if (!opening) return '';
  const closing = new RegExp(`</(?:\\w+:)?${name}\\s*>`, 'g');
  closing.lastIndex = opening.index;
  const end = closing.exec(xml);
  return end ? xml.slice(opening.index, end.index) : '';
}

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

/**
 * Returns the XML without comments, and with CDATA sections as escaped text. The parser of read-excel-file drops both,
 * and if they divide a text, it keeps only the last part.
 */
export function plainXml(xml: string): string {
  const pieces: string[] = [];
  let from = 0;
  for (let at = xml.indexOf('<!'); at !== -1; at = xml.indexOf('<!', from)) {
    const isComment = xml.startsWith('<!--', at);
    const isData = xml.startsWith('<![CDATA[', at);
    const [begin, closing] = isComment ? [at + 4, '-->'] : isData ? [at + 9, ']]>'] : [at + 2, ''];
    const end = xml.indexOf(closing, begin);
    if (end === -1) break;
    pieces.push(xml.slice(from, isComment || isData ? at : begin), isData ? escaped(xml.slice(begin, end)) : '');
    from = end + closing.length;
  }
  return pieces.join('') + xml.slice(from);
}

/** Whether a tag or a text between two tags is longer than allowed. A tag ends at the first `>` outside quotes. */
export function hasPieceOver(most: { tag: number; text: number }, xml: string): boolean {
  let end = 0;
  for (let at = xml.indexOf('<'); at !== -1; at = xml.indexOf('<', end)) {
    if (at - end > most.text) return true;
    const begin = at;
    for (let quote = ''; at < xml.length && (quote !== '' || xml[at] !== '>'); at++) {
      if (at - begin > most.tag) return true;
      const character = xml[at];
      if (character === quote) quote = '';
      else if (quote === '' && (character === '"' || character === "'")) quote = character;
    }
    end = at;
  }
  return xml.length - end > most.text;
}
