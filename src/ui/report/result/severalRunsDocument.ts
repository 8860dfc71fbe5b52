import type { Language } from '../../../domain/language';
import { armNames } from '../../../domain/negatives/arms';
import type { ArmsFacts } from '../../../domain/report/armsFacts';
import type { ReportBlock, ReportDocument, ReportSection } from '../../../domain/report/reportDocument';
import { sweepAnswer, type SeveralRunsFacts, type SweepFacts } from '../../../domain/report/sweepFacts';
import type { SweepRow } from '../../../domain/sweep/sweepTable';
import { tableAxes } from '../../../domain/sweep/sweepTable';
import { metricNames, type MetricName } from '../../../domain/experiment';
import { formatMetric, metricLabel } from '../../evaluate/metricLabel';
import type { Dictionary } from '../../i18n/dictionary';
import { formatCount, formatDate, formatSigned } from '../../i18n/format';
import { armsSentence, isShare } from '../../negatives/armsText';
import { deviceText } from '../../train/deviceText';
import { axisText, axisValueText } from '../../train/sweepText';
import { fewQuestions, findingBlocks, warning } from './riskSection';
import { inputFacts } from './trainedSection';

const note = (text: string): ReportBlock => ({ kind: 'text', text, tone: 'note' });

/** Returns the values of a combination in words: “temperature 0.02, batch size 32”. */
export function combinationText(t: Dictionary, { axes }: Pick<SweepFacts, 'axes'>, { values }: SweepRow): string {
  const parts = tableAxes(axes).map((axis, i) => `${axisText(t, axis)} ${axisValueText(t, axis, values[i])}`);
  return parts.length > 0 ? parts.join(t.common.listComma) : t.resultReport.severalRuns.asSet;
}

/** Returns the answer of a sweep: the best combination on dev, and whether the seed may explain it. */
export function sweepAnswerText(t: Dictionary, facts: SweepFacts): { answer: string; lead: string } {
  const words = t.resultReport.severalRuns;
  const { best, certainty } = sweepAnswer(facts.rows);
  if (!best) return { answer: words.noBest, lead: words.chance[certainty] };
  const value = formatMetric(facts.metric, best.mean ?? 0);
  const answer = words.best(combinationText(t, facts, best), metricLabel(t, facts.metric), value);
  return { answer, lead: words.chance[certainty] };
}

function range(metric: MetricName, low: number, high: number): string {
  return `${formatMetric(metric, low)} – ${formatMetric(metric, high)}`;
}

function sweepSection(t: Dictionary, facts: SweepFacts): ReportSection {
  const { metric, axes, rows } = facts;
  const varied = tableAxes(axes);
  const words = t.sweep;
  const head = [...varied.map((axis) => axisText(t, axis)), words.mean(metricLabel(t, metric)), words.interval];
  const cells = rows.map(({ values, mean, interval, scores }) => [
    ...varied.map((axis, i) => axisValueText(t, axis, values[i])),
    mean === null ? '–' : formatMetric(metric, mean),
    interval ? range(metric, interval.low, interval.high) : '–',
    scores.map((score) => formatMetric(metric, score)).join(t.common.listComma),
  ]);
  return {
    title: words.table,
    blocks: [
      { kind: 'table', head: [...head, words.scores], rows: cells, texts: varied.length },
      note(words.intervalHelp),
    ],
  };
}

/** Returns a run's state in words. */
export function runStateText(t: Dictionary, { status }: SweepFacts['runs'][number]): string {
  return status === null ? t.resultReport.severalRuns.notStarted : t.job.status[status];
}

function runsSection(t: Dictionary, facts: SweepFacts): ReportSection {
  const words = t.resultReport.severalRuns;
  const { axes, metric } = facts;
  const value = (score: number | null): string => (score === null ? '–' : formatMetric(metric, score));
  const rows = facts.runs.map((run) => [
    ...axes.map((axis, i) => axisValueText(t, axis, run.values[i])),
    ...[runStateText(t, run), value(run.before), value(run.score)],
    run.keptStep === null || run.steps === null ? '–' : `${formatCount(run.keptStep)} / ${formatCount(run.steps)}`,
  ]);
  const head = [...axes.map((axis) => axisText(t, axis)), words.state, words.before, words.score, words.steps];
  return { title: words.runs, blocks: [{ kind: 'table', head, rows, texts: axes.length + 1 }] };
}

function armsSection(t: Dictionary, { comparison, arms, metric }: ArmsFacts): ReportSection[] {
  const words = t.resultReport.severalRuns;
  const { names } = t.negatives.arms;
  const signed = (value: number): string => (isShare(metric) ? formatSigned(100 * value) : formatSigned(value, 3));
  const rows = armNames.map((name) => {
    const mean = formatMetric(metric, comparison.means[name]);
    if (name === 'inBatch') return [names[name], mean, '–', '–', '–'];
    const { change, interval, verdict } = comparison[name];
    const verdicts = t.resultReport.figures.verdicts;
    return [names[name], mean, signed(change), `${signed(interval.low)} – ${signed(interval.high)}`, verdicts[verdict]];
  });
  const head = [words.negatives, metricLabel(t, metric), words.change, t.sweep.interval, words.verdict];
  const all = metricNames.map((one) => [
    metricLabel(t, one),
    ...arms.map(({ metrics }) => formatMetric(one, metrics[one])),
  ]);
  return [
    {
      title: t.resultReport.figures.title,
      blocks: [
        { kind: 'table', head, rows },
        note(t.negatives.arms.seedNote),
        {
          kind: 'table',
          head: [t.resultReport.figures.metric, ...arms.map(({ name }) => names[name])],
          rows: all,
        },
      ],
    },
  ];
}

function trainedSection(t: Dictionary, { training, experiment, experimentHash }: SeveralRunsFacts): ReportSection {
  const words = t.resultReport.trained;
  return {
    title: words.title,
    blocks: [
      {
        kind: 'facts',
        facts: [
          ...inputFacts(t, { ...training, experiment }),
          { label: words.device, value: training.device ? deviceText(t, training.device) : '–' },
          { label: words.experiment, value: experimentHash, code: true },
        ],
      },
    ],
  };
}

function riskSection(t: Dictionary, facts: SeveralRunsFacts, more: readonly string[]): ReportSection {
  const words = t.resultReport.risks;
  const { questions, findings, experiment } = facts;
  return {
    title: words.title,
    blocks: [
      ...(questions < fewQuestions ? [warning(words.small(questions))] : []),
      ...more.map(warning),
      ...findingBlocks(t, findings, { experiment }),
    ],
  };
}

function documentOf(
  t: Dictionary,
  language: Language,
  facts: SeveralRunsFacts,
  parts: Pick<ReportDocument, 'answer' | 'lead' | 'sections'> & { risks: readonly string[]; footer: string },
): ReportDocument {
  const words = t.resultReport;
  return {
    language,
    title: facts.name,
    subtitle: words.subtitle(formatDate(facts.createdAt, language), facts.build),
    answer: parts.answer,
    verdict: null,
    lead: [...parts.lead, words.severalRuns.devOnly(facts.questions)],
    sections: [...parts.sections, trainedSection(t, facts), riskSection(t, facts, parts.risks)],
    footer: [parts.footer],
  };
}

/** Returns the report of a sweep in one language. */
export function sweepDocument(t: Dictionary, language: Language, facts: SweepFacts): ReportDocument {
  const { answer, lead } = sweepAnswerText(t, facts);
  const unscored = facts.runs.filter(({ score }) => score === null).length;
  return documentOf(t, language, facts, {
    ...{ answer, lead: [lead] },
    sections: [sweepSection(t, facts), runsSection(t, facts)],
    risks: unscored > 0 ? [t.resultReport.severalRuns.unscored(unscored, facts.runs.length)] : [],
    footer: t.resultReport.severalRuns.noTexts,
  });
}

/** Returns the report of the negatives experiment in one language. */
export function armsDocument(t: Dictionary, language: Language, facts: ArmsFacts): ReportDocument {
  return documentOf(t, language, facts, {
    ...{ answer: t.negatives.arms.title, lead: [armsSentence(t, facts.comparison), t.negatives.arms.how] },
    ...{ sections: armsSection(t, facts), risks: [], footer: t.resultReport.severalRuns.noTexts },
  });
}
