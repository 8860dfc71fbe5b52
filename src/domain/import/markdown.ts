import { LineCutter } from './lineCutter';
import type { RawRecord, RecordReader } from './recordReader';

/** Joins the headings above a paragraph into its title. */
const headingSeparator = ' › ';
const atxHeading = /^ {0,3}(#{1,6})(?:[ \t]|$)/;
const fence = /^ {0,3}(`{3,}|~{3,})/;

/** Whether the line is a thematic break: three or more of one character, which may have spaces between them. */
function isBreak(line: string): boolean {
  return /^ {0,3}[*_-]/.test(line) && /^(?:\*{3,}|-{3,}|_{3,})$/.test(line.replace(/[ \t]/g, ''));
}

/** Returns the text of a heading, without the # signs that may close it. */
function headingText(rest: string): string {
  const text = rest.trim();
  let end = text.length;
  while (text[end - 1] === '#') end -= 1;
  return end === 0 || text[end - 1] === ' ' || text[end - 1] === '\t' ? text.slice(0, end).trim() : text;
}

interface Heading {
  text: string;
  line: number;
  /** Whether some passage has this heading in its title. */
  used: boolean;
}

/**
 * Reads Markdown as passages: one per paragraph, list, table or fenced block, with the headings above it as its title.
 * Headings without text below them make no passage; they are counted in a note, and so is metadata at the start.
 */
export class MarkdownReader implements RecordReader {
  readonly #cutter = new LineCutter();
  readonly #headings: Heading[] = [];
  #unused = { line: 0, count: 0 };
  #records: RawRecord[] = [];
  #paragraph: string[] = [];
  #begin = 0;
  /** The marker that closes the open fenced block. */
  #fence: string | null = null;
  #frontMatter: 'possible' | 'open' | 'past' = 'possible';

  push(text: string): RawRecord[] {
    this.#cutter.push(text, (line, number) => this.#line(line, number));
    return this.#taken();
  }

  end(): RawRecord[] {
    this.#cutter.end((line, number) => this.#line(line, number));
    this.#finish();
    this.#leaveHeadings(0);
    const { line, count } = this.#unused;
    if (count > 0) this.#records.push({ line, fault: 'headings-unused', field: String(count) });
    return this.#taken();
  }

  #taken(): RawRecord[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }

  #line(line: string, number: number): void {
    if (this.#isFrontMatter(line, number)) return;
    if (this.#fence !== null || fence.test(line)) return this.#fenced(line, number);
    const heading = atxHeading.exec(line);
    const underline = /^ {0,3}(=+|-+)[ \t]*$/.exec(line)?.[1];
    if (heading) {
      this.#finish();
      this.#heading(heading[1]?.length ?? 1, headingText(line.slice(heading[0].length)), number);
    } else if (
      underline !== undefined &&
      this.#paragraph.length === 1 &&
      !/^\s*[-*+|>]/.test(this.#paragraph[0] ?? '')
    ) {
      const [text = ''] = this.#paragraph;
      this.#paragraph = [];
      this.#heading(underline.startsWith('=') ? 1 : 2, text, number - 1);
    } else if (line.trim() === '' || isBreak(line)) this.#finish();
    else this.#add(line, number);
  }

  /**
   * Consumes a line of YAML front matter, a block between two --- lines at the start of a file. Returns false for other
   * lines.
   */
  #isFrontMatter(line: string, number: number): boolean {
    if (this.#frontMatter === 'past') return false;
    if (this.#frontMatter === 'possible') {
      this.#frontMatter = number === 1 && line.trimEnd() === '---' ? 'open' : 'past';
      this.#begin = number;
      return this.#frontMatter === 'open';
    }
    if (/^(---|\.\.\.)\s*$/.test(line)) {
      this.#paragraph = [];
      this.#records.push({ line: 1, fault: 'front-matter' });
      this.#frontMatter = 'past';
    } else if (/^\s*$|^\s*[-#]|^\s*[\w-]+\s*:|^\s+\S/.test(line)) this.#add(line, number);
    else {
      // Not metadata after all: the first line was a thematic break, and text follows it.
      this.#frontMatter = 'past';
      const lines = this.#paragraph;
      const begin = this.#begin;
      this.#paragraph = [];
      lines.forEach((earlier, index) => this.#line(earlier, begin + index));
      return false;
    }
    return true;
  }

  #fenced(line: string, number: number): void {
    const marker = fence.exec(line)?.[1];
    if (this.#fence === null) {
      this.#fence = marker ?? null;
      this.#add(line, number);
      return;
    }
    this.#add(line, number);
    const closes = marker?.startsWith(this.#fence) === true && line.trim() === marker;
    if (closes) this.#fence = null;
  }

  #add(line: string, number: number): void {
    if (this.#paragraph.length === 0) this.#begin = number;
    this.#paragraph.push(line.trimEnd());
  }

  #heading(level: number, text: string, line: number): void {
    this.#leaveHeadings(level - 1);
    while (this.#headings.length < level - 1) this.#headings.push({ text: '', line, used: true });
    this.#headings.push({ text: text.trim(), line, used: text.trim() === '' });
  }

  /** Leaves the sections of headings below `level`, and counts those that no passage has in its title. */
  #leaveHeadings(level: number): void {
    for (const { line, used } of this.#headings.splice(level))
      if (!used) this.#unused = { line: this.#unused.line || line, count: this.#unused.count + 1 };
  }

  #finish(): void {
    const text = this.#paragraph.join('\n').trim();
    this.#paragraph = [];
    if (text === '') return;
    for (const heading of this.#headings) heading.used = true;
    const title = this.#headings.flatMap((heading) => heading.text || []).join(headingSeparator);
    this.#records.push({ line: this.#begin, value: title === '' ? { text } : { title, text } });
  }
}
