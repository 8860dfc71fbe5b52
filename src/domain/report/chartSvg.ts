import { escapeXml } from './escapeXml';
import { logTicks } from './logTicks';
import type { HitRateChart, RankChart, ReportChart } from './reportDocument';

/** Draws the charts of a report as SVG, which needs neither scripts nor a style sheet of its own. */

const width = 720;
/** Height of a chart, unless its labels need more. */
const usualHeight = 300;
const [left, right, top, bottom] = [52, 170, 12, 34];
const labelHeight = 18;

/**
 * Colours and dashes of the series. Each of the first 32 series has its own combination. Printed in black and white, a
 * line still differs from the one before and the one after it.
 */
const colours = ['#00708a', '#8a2a7b', '#5b6b0c', '#a3262a', '#0b6655', '#7a5230', '#3f4f8f', '#44504a'];
const dashes = ['', '6 3', '2 3', '8 3 2 3'];
const tones = {
  before: { colour: '#5f6b65', dash: '4 3' },
  after: { colour: '#0b6655', dash: '' },
  keywords: { colour: '#6a4fa3', dash: '2 3' },
};
const changeColours = { won: '#1f5fae', lost: '#a8500a', up: '#7b8781', down: '#7b8781', same: '#7b8781' };

/** Rounds to a tenth of a unit, which is finer than a screen can show. */
const at = (value: number): string => String(Math.round(value * 10) / 10);

function line(x1: number, y1: number, x2: number, y2: number, rest: string): string {
  return `<line x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}" ${rest}/>`;
}

function text(x: number, y: number, words: string, rest = ''): string {
  return `<text x="${at(x)}" y="${at(y)}" ${rest}>${escapeXml(words)}</text>`;
}

const svg = (title: string, height: number, body: string[]): string =>
  `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(title)}">${body.join('')}</svg>`;

export function chartSvg(chart: ReportChart): string {
  return chart.kind === 'hitRates' ? hitRateSvg(chart) : rankSvg(chart);
}

/** Moves labels apart so that none covers another and none is below `lowest`. */
function placedLabels(wanted: readonly number[], lowest: number): number[] {
  const order = [...wanted.keys()].sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const placed = [...wanted];
  order.forEach((series, i) => {
    const above = order[i - 1];
    if (above !== undefined) placed[series] = Math.max(placed[series] ?? 0, (placed[above] ?? 0) + labelHeight);
  });
  let room = lowest;
  for (const series of order.toReversed()) {
    placed[series] = Math.min(placed[series] ?? 0, room);
    room = (placed[series] ?? 0) - labelHeight;
  }
  return placed;
}

/** Returns the colour and the dash of a series. */
function strokeOf(tone: HitRateChart['series'][number]['tone'], index: number): { colour: string; dash: string } {
  if (tone !== 'other') return tones[tone];
  const round = Math.floor(index / colours.length);
  return { colour: colours[index % colours.length] ?? '', dash: dashes[(index + round) % dashes.length] ?? '' };
}

function hitRateSvg({ title, ticks, series }: HitRateChart): string {
  const height = Math.max(usualHeight, top + bottom + series.length * labelHeight);
  const x = (column: number): number => left + ((column + 0.5) * (width - left - right)) / Math.max(1, ticks.length);
  const y = (share: number): number => top + (1 - share) * (height - top - bottom);
  const body = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    line(left, y(share), width - right, y(share), 'stroke="#d6dbd8"'),
    text(left - 8, y(share) + 4, `${share * 100}%`, 'text-anchor="end" fill="#44504a"'),
  ]);
  ticks.forEach((tick, column) => body.push(text(x(column), height - 12, tick, 'text-anchor="middle" fill="#44504a"')));
  const labels = placedLabels(
    series.map(({ points }) => y(points.at(-1)?.share ?? 0)),
    height - bottom,
  );
  series.forEach(({ label, tone, points }, index) => {
    const { colour, dash } = strokeOf(tone, index);
    const shift = (index - (series.length - 1) / 2) * Math.min(7, 42 / series.length);
    const place = (column: number): number => x(column) + shift;
    const path = points.map(({ share }, i) => `${i === 0 ? 'M' : 'L'}${at(place(i))} ${at(y(share))}`).join(' ');
    body.push(
      `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}/>`,
      ...points.map(({ low, high }, i) => line(place(i), y(low), place(i), y(high), `stroke="${colour}"`)),
      ...points.map(({ share }, i) => `<circle cx="${at(place(i))}" cy="${at(y(share))}" r="3.5" fill="${colour}"/>`),
      text(width - right + 10, (labels[index] ?? 0) + 4, shortened(label), `fill="${colour}"`),
    );
  });
  return svg(title, height, body);
}

/** Beside the chart there is room for about twenty letters, or half as many Chinese characters. */
function shortened(label: string): string {
  let room = 20;
  const characters = [...label];
  const cut = characters.findIndex((character) => (room -= character > '\u2e80' ? 2 : 1) < 0);
  return cut < 0 ? label : `${characters.slice(0, cut).join('')}…`;
}

/** Maximum number of strokes that can still be told apart. */
export const mostStrokes = 500;

function rankSvg({ title, passages, k, strokes }: RankChart): string {
  const last = Math.max(2, passages);
  const end = width - 12;
  // A question whose right passage was not found is drawn below the last rank.
  const y = (rank: number): number =>
    top + (Math.log(Math.min(rank, last * 1.2)) / Math.log(last * 1.2)) * (usualHeight - top - 16);
  const x = (index: number): number => left + ((index + 0.5) * (end - left)) / Math.max(1, strokes.length);
  const body = logTicks(last).flatMap((tick) => [
    line(left, y(tick), end, y(tick), 'stroke="#d6dbd8"'),
    text(left - 8, y(tick) + 4, tick.toLocaleString('en-US'), 'text-anchor="end" fill="#44504a"'),
  ]);
  body.push(line(left, y(k + 0.5), end, y(k + 0.5), 'stroke="#17201c" stroke-dasharray="5 4"'));
  strokes.forEach(({ before, after, change }, index) => {
    const colour = changeColours[change];
    body.push(
      line(x(index), y(before), x(index), y(after), `stroke="${colour}" stroke-width="1.5"`),
      `<circle cx="${at(x(index))}" cy="${at(y(after))}" r="2" fill="${colour}"/>`,
    );
  });
  return svg(title, usualHeight, body);
}
