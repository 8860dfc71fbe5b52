import { withoutForbidden } from './escapeXml';
import type { HitRateChart, ReportBlock, ReportDocument, ReportExample, ReportFact } from './reportDocument';

/** Returns a text on one line, with everything escaped that has a meaning in Markdown or HTML. */
function escaped(text: string): string {
  return withoutForbidden(text)
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\\`*_{}[\]<>#|~!&$]/g, '\\$&')
    .replace(/^([-+=])(?=[-+=\s]|$)/, '\\$1')
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2')
    .replace(/(https?|ftp|mailto|www)([:.])/gi, '$1\\$2');
}

/** Returns a hash or a name as inline code. Replaces backticks, which would end it. */
const codeOf = (text: string): string =>
  `\`${withoutForbidden(text)
    .replace(/[`\s]+/g, ' ')
    .trim()}\``;

const factLine = ({ label, value, code }: ReportFact): string =>
  `- ${escaped(label)}: ${code === true ? codeOf(value) : escaped(value)}`;

function tableLines(head: readonly string[], rows: readonly (readonly string[])[], texts = 1): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  const rule = `|${' --- |'.repeat(texts)}${' ---: |'.repeat(Math.max(0, head.length - texts))}`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

const share = (value: number): string => `${(value * 100).toFixed(1)}%`;

/**
 * Returns the figures of a hit-rate chart as a table. Rank charts are left out: their strokes would fill pages, and the
 * examples name the largest changes.
 */
function chartLines(chart: HitRateChart): string {
  const rows = chart.series.map(({ label, points }) => [
    label,
    ...points.map(({ share: value, low, high }) => `${share(value)} (${share(low)}–${share(high)})`),
  ]);
  return `${tableLines(['', ...chart.ticks], rows)}\n\n${escaped(chart.caption)}`;
}

function exampleLines({ title, note, lines }: ReportExample): string {
  return [`**${escaped(title)}**  `, `${escaped(note)}`, '', ...lines.map(factLine)].join('\n');
}

function blockLines(block: ReportBlock): string {
  switch (block.kind) {
    case 'text':
      return escaped(block.text);
    case 'facts':
      return block.facts.map(factLine).join('\n');
    case 'table':
      return tableLines(block.head, block.rows, block.texts);
    case 'examples':
      return block.examples.map(exampleLines).join('\n\n');
    case 'chart':
      return block.chart.kind === 'hitRates'
        ? `### ${escaped(block.chart.title)}\n\n${chartLines(block.chart)}`
        : escaped(block.chart.title);
    default:
      return block satisfies never;
  }
}

/** Returns a report as Markdown. */
export function markdownReport(report: ReportDocument): string {
  const { verdict } = report;
  const parts = [
    `# ${escaped(report.title)}`,
    escaped(report.subtitle),
    `## ${escaped(report.answer)}`,
    ...(verdict ? [`**${escaped(verdict.text)}**`] : []),
    ...report.lead.map(escaped),
    ...report.sections.flatMap(({ title, blocks }) => [`## ${escaped(title)}`, ...blocks.map(blockLines)]),
    '---',
    ...report.footer.map(escaped),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
