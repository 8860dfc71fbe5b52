import { chartSvg } from './chartSvg';
import { escapeXml } from './escapeXml';
import type { ReportBlock, ReportDocument, ReportExample, ReportFact } from './reportDocument';

/** Forbids everything but the style sheet in the file: no script, image, font or request can come from it. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const style = `
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; padding: 32px 20px; background: #eff1f0; color: #17201c; font: 15px/1.6 -apple-system, 'Segoe UI',
  'PingFang SC', 'Hiragino Sans GB', 'Microsoft YaHei', 'Noto Sans SC', 'Noto Sans CJK SC', system-ui, sans-serif; }
:lang(zh) { line-height: 1.75; }
main { max-width: 900px; margin: 0 auto; padding: 32px 36px; background: #fcfdfc; border: 1px solid #d6dbd8;
  border-radius: 6px; }
h1 { margin: 0; font-size: 16px; color: #44504a; font-weight: 600; }
.sub, .note, footer, figcaption, dt { color: #44504a; font-size: 13px; }
.answer { margin: 16px 0 8px; font-size: 28px; line-height: 1.3; font-weight: 650; }
.verdict { display: inline-block; margin: 16px 0 0; padding: 1px 10px; border-radius: 4px; background: #e8ebe9; }
.better { background: #dfe9f6; color: #1f5fae; }
.worse { background: #f8e7d8; color: #a8500a; }
h2 { margin: 32px 0 8px; padding-top: 16px; border-top: 1px solid #d6dbd8; font-size: 19px; }
p { margin: 6px 0; }
.warning { padding-left: 12px; border-left: 3px solid #a8500a; }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 10px; border-bottom: 1px solid #e1e5e3; text-align: right; vertical-align: top; }
th:first-child, td:first-child { padding-left: 0; }
.words { text-align: left; }
td:not(.words) { white-space: nowrap; }
th { font-size: 13px; color: #44504a; font-weight: 600; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: minmax(110px, max-content) minmax(0, 1fr); gap: 4px 20px; margin: 8px 0; }
dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 16px 0; }
figcaption b { display: block; color: #17201c; font-size: 15px; }
svg { display: block; width: 100%; min-width: 660px; height: auto; font-size: 13px; }
.example { margin: 12px 0; padding: 8px 14px; border-left: 3px solid #1f5fae; break-inside: avoid; }
.example.lost { border-color: #a8500a; }
.example h3 { margin: 0; font-size: 15px; overflow-wrap: anywhere; }
code { font-family: ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: 13px; }
footer { margin-top: 32px; padding-top: 12px; border-top: 1px solid #d6dbd8; }
@media (max-width: 620px) {
  body { padding: 0; }
  main { padding: 20px 16px; border: 0; border-radius: 0; }
  .answer { font-size: 23px; }
  dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dd { margin-bottom: 8px; }
}
@media print {
  @page { margin: 16mm; }
  body { padding: 0; background: none; font-size: 11pt; }
  main { max-width: none; padding: 0; border: 0; }
  h2 { break-after: avoid; }
  table, figure, .example { break-inside: avoid; }
  td:not(.words) { white-space: normal; }
  svg { min-width: 0; }
}`;

const element = (name: string, text: string, attributes = ''): string =>
  `<${name}${attributes}>${escapeXml(text)}</${name}>`;

function factLines(facts: readonly ReportFact[]): string {
  const items = facts.map(
    ({ label, value, code }) =>
      `${element('dt', label)}<dd>${code === true ? element('code', value) : escapeXml(value)}</dd>`,
  );
  return `<dl>${items.join('')}</dl>`;
}

/**
 * Returns a block that can be scrolled sideways on a narrow screen, also by keyboard. `name` is its accessible name.
 */
const wide = (name: string, html: string): string =>
  `<div class="wide" role="region" aria-label="${escapeXml(name)}" tabindex="0">${html}</div>`;

function tableHtml({ head, rows, texts = 1 }: Extract<ReportBlock, { kind: 'table' }>, section: string): string {
  const cells = (name: string, list: readonly string[], attributes = ''): string =>
    `<tr>${list.map((cell, at) => element(name, cell, `${at < texts ? ' class="words"' : ''}${attributes}`)).join('')}</tr>`;
  const body = rows.map((row) => cells('td', row)).join('');
  // The first column is part of the name because a section may have several tables.
  return wide(
    `${section} · ${head[0] ?? ''}`,
    `<table><thead>${cells('th', head, ' scope="col"')}</thead><tbody>${body}</tbody></table>`,
  );
}

function exampleHtml({ title, note, change, lines }: ReportExample): string {
  return `<div class="example ${change}">${element('h3', title)}${element('p', note, ' class="note"')}${factLines(lines)}</div>`;
}

function blockHtml(block: ReportBlock, section: string): string {
  switch (block.kind) {
    case 'text':
      return element('p', block.text, block.tone ? ` class="${block.tone}"` : '');
    case 'facts':
      return factLines(block.facts);
    case 'table':
      return tableHtml(block, section);
    case 'examples':
      return block.examples.map(exampleHtml).join('');
    case 'chart': {
      const caption = `<figcaption>${element('b', block.chart.title)}${escapeXml(block.chart.caption)}</figcaption>`;
      // On a narrow screen a chart scrolls, because shrinking would make its text unreadable.
      return `<figure>${caption}${wide(block.chart.title, chartSvg(block.chart))}</figure>`;
    }
    default:
      return block satisfies never;
  }
}

/** Returns a report as one HTML file without scripts, which can be read and printed anywhere. */
export function htmlReport(report: ReportDocument): string {
  const { verdict } = report;
  const sections = report.sections.map(
    ({ title, blocks }) =>
      `<section>${element('h2', title)}${blocks.map((block) => blockHtml(block, title)).join('\n')}</section>`,
  );
  return `<!doctype html>
<html lang="${report.language === 'zh' ? 'zh-CN' : 'en'}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Recallsmith">
${element('title', report.title)}
<style>${style}</style>
</head>
<body>
<main>
${element('h1', report.title)}
${element('p', report.subtitle, ' class="sub"')}
${verdict ? element('p', verdict.text, ` class="verdict ${verdict.kind}"`) : ''}
${element('p', report.answer, ' class="answer"')}
${report.lead.map((text) => element('p', text)).join('\n')}
${sections.join('\n')}
<footer>${report.footer.map((text) => element('p', text)).join('')}</footer>
</main>
</body>
</html>
`;
}
