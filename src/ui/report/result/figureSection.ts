import { countChanges, offeredKs, rankChange, sortByGain } from '../../../domain/evaluate/answerAt';
import { metricId } from '../../../domain/evaluate/comparedMetric';
import type { CompareRow, MetricCell } from '../../../domain/evaluate/compareTable';
import { pairedQuestions } from '../../../domain/evaluate/pairedQuestions';
import type {
  HitRateChart,
  RankChart,
  ReportBlock,
  ReportSection,
  SeriesTone,
} from '../../../domain/report/reportDocument';
import { mostStrokes } from '../../../domain/report/chartSvg';
import { nameOf, resultsOf, type ReportFacts } from '../../../domain/report/reportFacts';
import { valueText } from '../../compare/valueText';
import type { Dictionary } from '../../i18n/dictionary';
import { formatCount, formatP, formatSigned } from '../../i18n/format';

/** Cut-offs of the charts and the tables: the usual ones and the chosen one. */
const cutOffs = (k: number): number[] => [...new Set([...offeredKs, k])].sort((a, b) => a - b);

/** Formats a value with the interval that the page shows for its metric. */
function valueWithInterval({ metric, value, wilson, bootstrap }: MetricCell): string {
  const { low, high } = metric.name === 'hitRate' ? wilson : bootstrap;
  return `${valueText(metric, value)} (${valueText(metric, low)}–${valueText(metric, high)})`;
}

function metricTable(t: Dictionary, facts: ReportFacts): ReportBlock {
  const metrics = Object.values(facts.rows[0]?.cells ?? {}).map(({ metric }) => metric);
  const rows = metrics.map((metric) => [
    t.compare.metrics[metric.name](metric.k),
    ...facts.rows.map(({ cells }) => {
      const cell = cells[metricId(metric)];
      return cell ? valueWithInterval(cell) : '–';
    }),
  ]);
  const head = [t.resultReport.figures.metric, ...facts.rows.map(({ id }) => nameOf(facts, id))];
  return { kind: 'table', head, rows };
}

const points = (share: number): string => formatSigned(share * 100);

function differenceTable(t: Dictionary, facts: ReportFacts): ReportBlock[] {
  const words = t.resultReport.figures;
  const id = metricId({ name: 'hitRate', k: facts.k });
  const differences = facts.rows.flatMap((row: CompareRow): string[][] => {
    const difference = row.cells[id]?.baseline;
    if (!difference) return [];
    const { low, high } = difference.interval;
    const change = words.range(points(difference.difference), points(low), points(high));
    const counts = [formatCount(difference.won), formatCount(difference.lost)];
    return [
      [nameOf(facts, row.id), change, ...counts, formatP(difference.adjusted), words.verdicts[difference.verdict]],
    ];
  });
  if (differences.length === 0) return [];
  const { model, change, improved, worse, p, verdict } = words.columns;
  const head = [model, change(facts.k), improved, worse, p, verdict];
  return [
    { kind: 'text', text: words.difference(nameOf(facts, facts.baselineId)) },
    { kind: 'table', head, rows: differences },
  ];
}

function toneOf({ models, training, baselineId }: ReportFacts, id: string): SeriesTone {
  if (models.find((model) => model.id === id)?.kind === 'keywords') return 'keywords';
  if (!training) return 'other';
  return id === baselineId ? 'before' : 'after';
}

function hitRateChart(t: Dictionary, facts: ReportFacts): HitRateChart {
  const ks = cutOffs(facts.k);
  return {
    kind: 'hitRates',
    title: t.resultReport.figures.charts,
    caption: t.resultReport.figures.chartCaption,
    ticks: ks.map((k) => t.evaluate.topK(k)),
    series: facts.rows.map(({ id, cells }) => ({
      label: nameOf(facts, id),
      tone: toneOf(facts, id),
      points: ks.flatMap((k) => {
        const cell = cells[metricId({ name: 'hitRate', k })];
        return cell ? [{ share: cell.value, ...cell.wilson }] : [];
      }),
    })),
  };
}

function rankChart(t: Dictionary, facts: ReportFacts): RankChart | null {
  const pairs = sortByGain(pairedQuestions(resultsOf(facts, facts.baselineId), resultsOf(facts, facts.judgedId)));
  if (facts.baselineId === facts.judgedId || pairs.length === 0) return null;
  const changes = pairs.map(({ rankBefore, rankAfter }) => rankChange(rankBefore, rankAfter, facts.k));
  const { won, up, lost, down } = countChanges(pairs, facts.k);
  const every = Math.max(1, pairs.length / mostStrokes);
  const shown = Array.from({ length: Math.min(pairs.length, mostStrokes) }, (_, i) => Math.floor(i * every));
  const { rankTitle, rankCaption, rankSample } = t.evaluate.chart;
  const sample = shown.length < pairs.length ? [rankSample(shown.length, pairs.length)] : [];
  return {
    kind: 'ranks',
    title: rankTitle(won + up, lost + down),
    caption: t.common.inARow(facts.training ? rankCaption : t.resultReport.figures.rankCaption, ...sample),
    passages: facts.passages,
    k: facts.k,
    strokes: shown.flatMap((at) => {
      const pair = pairs[at];
      return pair ? [{ before: pair.rankBefore, after: pair.rankAfter, change: changes[at] ?? 'same' }] : [];
    }),
  };
}

/** Returns the figures: charts, all metrics with intervals, and the differences to the baseline. */
export function figureSection(t: Dictionary, facts: ReportFacts): ReportSection {
  const ranks = rankChart(t, facts);
  return {
    title: t.resultReport.figures.title,
    blocks: [
      { kind: 'chart', chart: hitRateChart(t, facts) },
      metricTable(t, facts),
      ...differenceTable(t, facts),
      ...(ranks ? [{ kind: 'chart' as const, chart: ranks }] : []),
    ],
  };
}
