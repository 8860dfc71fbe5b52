import { describe, expect, it } from 'vitest';
import { chartSvg } from '../../../src/domain/report/chartSvg';
import { htmlReport } from '../../../src/domain/report/htmlReport';
import { markdownReport } from '../../../src/domain/report/markdownReport';
import type { ReportChart, ReportDocument } from '../../../src/domain/report/reportDocument';

const hits: ReportChart = {
  ...{ kind: 'hitRates', title: 'Hits', caption: 'Of 40 questions', ticks: ['@1', '@3'] },
  series: [
    {
      ...{ label: 'Before', tone: 'before' },
      points: [
        { share: 0.25, low: 0.125, high: 0.5 },
        { share: 0.5, low: 0.4, high: 0.6 },
      ],
    },
  ],
};
const ranks: ReportChart = {
  ...{ kind: 'ranks', title: 'Ranks', caption: 'Each question', passages: 9, k: 1 },
  strokes: [{ before: 2, after: 1, change: 'won' }],
};
const report: ReportDocument = {
  ...{ language: 'en', title: 'My run', subtitle: 'Today', answer: 'Better by 3', lead: ['First', ''] },
  verdict: { text: 'Certain', kind: 'better' },
  sections: [
    {
      title: 'Data',
      blocks: [
        { kind: 'text', text: 'Some  text', tone: 'warning' },
        {
          kind: 'facts',
          facts: [
            { label: 'Hash', value: 'a`b', code: true },
            { label: 'Seed', value: '7' },
          ],
        },
        { kind: 'table', head: ['Model', 'Name', 'MRR'], rows: [['A & B', 'x', '0.5']], texts: 2 },
        {
          kind: 'table',
          head: ['Part', 'Hits'],
          rows: [
            ['dev', '3'],
            ['test', '4'],
          ],
        },
      ],
    },
    {
      title: 'Results',
      blocks: [
        { kind: 'chart', chart: hits },
        { kind: 'chart', chart: ranks },
        {
          kind: 'examples',
          examples: [{ title: 'Who?', note: '5 to 1', change: 'won', lines: [{ label: 'Right', value: 'pig' }] }],
        },
      ],
    },
  ],
  footer: ['End'],
};

describe('a report in Markdown', () => {
  it('has every part in order, tables aligned as words or figures, and no chart of ranks', () => {
    expect(markdownReport(report)).toBe(
      [
        ...['# My run', 'Today', '## Better by 3', '**Certain**', 'First', '## Data', 'Some text'],
        '- Hash: `a b`\n- Seed: 7',
        '| Model | Name | MRR |\n| --- | --- | ---: |\n| A \\& B | x | 0.5 |',
        '| Part | Hits |\n| --- | ---: |\n| dev | 3 |\n| test | 4 |',
        ...['## Results', '### Hits'],
        '|  | @1 | @3 |\n| --- | ---: | ---: |\n| Before | 25.0% (12.5%–50.0%) | 50.0% (40.0%–60.0%) |',
        ...['Of 40 questions', 'Ranks', '**Who?**  \n5 to 1\n\n- Right: pig', '---', 'End'],
      ].join('\n\n') + '\n',
    );
  });

  it.each([
    ['http://a.b', 'http\\://a.b'],
    ['see https://a.b', 'see https\\://a.b'],
    ['WWW.a.b', 'WWW\\.a.b'],
    ['mailto:a', 'mailto\\:a'],
    ['ftp://a', 'ftp\\://a'],
    ['1. one', '1\\. one'],
    ['12) one', '12\\) one'],
    ['- one', '\\- one'],
    ['+3', '+3'],
    ['a|b*c', 'a\\|b\\*c'],
    ['  two\n lines\u0001 ', 'two lines\uFFFD'],
  ])('writes %j so that it stays that text', (text, expected) => {
    const [first] = markdownReport({ ...report, lead: [text] })
      .split('\n\n')
      .slice(4);
    expect(first).toBe(expected);
  });
});

describe('a report in HTML', () => {
  const body = (changes: Partial<ReportDocument> = {}): string =>
    /<body>\n<main>\n([^]*)<\/main>/.exec(htmlReport({ ...report, ...changes }))?.[1] ?? '';
  const region = (name: string, html: string): string =>
    `<div class="wide" role="region" aria-label="${name}" tabindex="0">${html}</div>`;

  it('has every part in order, with headings, table cells and charts as elements of their kind', () => {
    const head = (names: string[], words: number): string =>
      names.map((name, i) => `<th${i < words ? ' class="words"' : ''} scope="col">${name}</th>`).join('');
    const figure = (chart: ReportChart): string =>
      `<figure><figcaption><b>${chart.title}</b>${chart.caption}</figcaption>${region(chart.title, chartSvg(chart))}</figure>`;
    const models =
      `<table><thead><tr>${head(['Model', 'Name', 'MRR'], 2)}</tr></thead><tbody><tr><td class="words">A &amp; B</td>` +
      '<td class="words">x</td><td>0.5</td></tr></tbody></table>';
    const parts =
      `<table><thead><tr>${head(['Part', 'Hits'], 1)}</tr></thead><tbody><tr><td class="words">dev</td><td>3</td></tr>` +
      '<tr><td class="words">test</td><td>4</td></tr></tbody></table>';
    expect(body()).toBe(`<h1>My run</h1>
<p class="sub">Today</p>
<p class="verdict better">Certain</p>
<p class="answer">Better by 3</p>
<p>First</p>
<p></p>
<section><h2>Data</h2><p class="warning">Some  text</p>
<dl><dt>Hash</dt><dd><code>a\`b</code></dd><dt>Seed</dt><dd>7</dd></dl>
${region('Data · Model', models)}
${region('Data · Part', parts)}</section>
<section><h2>Results</h2>${figure(hits)}
${figure(ranks)}
<div class="example won"><h3>Who?</h3><p class="note">5 to 1</p><dl><dt>Right</dt><dd>pig</dd></dl></div></section>
<footer><p>End</p></footer>
`);
  });

  it('names its language, and leaves out a verdict that there is none of', () => {
    expect(htmlReport(report)).toContain('<html lang="en">');
    expect(htmlReport({ ...report, language: 'zh' })).toContain('<html lang="zh-CN">');
    expect(body({ verdict: null })).not.toContain('class="verdict');
  });
});
