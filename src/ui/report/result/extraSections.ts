import type { ThresholdFigures, ThresholdRule } from '../../../domain/evaluate/threshold';
import type { ReportBlock, ReportSection } from '../../../domain/report/reportDocument';
import { nameOf, type ReportFacts } from '../../../domain/report/reportFacts';
import { hitRateAtK } from '../../../domain/evaluate/metrics';
import type { CorrelationCell } from '../../../domain/evaluate/pairTable';
import { correlationText, pairsAnswerText } from '../../compare/pairsAnswerText';
import { probeSentence, probeTitle } from '../../evaluate/probeText';
import type { Dictionary } from '../../i18n/dictionary';
import { formatCount, formatP, formatPercent, formatSigned, formatThreshold } from '../../i18n/format';

const note = (text: string): ReportBlock => ({ kind: 'text', text, tone: 'note' });

/** Returns the hits by the recorded labels and by the user's, for each model. */
function labelSection(t: Dictionary, facts: ReportFacts): ReportSection[] {
  const { labels } = facts.extras;
  if (!labels) return [];
  const words = t.questions.figures;
  const cell = (hits: number, of: number): string =>
    of === 0 ? '–' : `${words.hits(hits, of)} (${formatPercent(hits / of)})`;
  const rows = labels.models.map((model) => {
    const { results = [] } = facts.models.find(({ id }) => id === model.id) ?? {};
    const hits = results.filter(({ ranks }) => hitRateAtK(ranks, facts.k) === 1).length;
    return [nameOf(facts, model.id), cell(hits, results.length), cell(model.hits, model.questions)];
  });
  return [
    {
      title: t.questions.marks.log,
      blocks: [
        { kind: 'text', text: t.resultReport.labels.text(labels.changes, labels.changed) },
        { kind: 'table', head: [words.model, t.resultReport.labels.recorded, words.withDecisions], rows },
        note(words.caption(facts.k)),
        ...(labels.unanswered > 0 ? [note(words.unanswered(labels.unanswered))] : []),
        ...(labels.inexact > 0 ? [note(words.inexact(labels.inexact))] : []),
      ],
    },
  ];
}

function ruleText(t: Dictionary, rule: ThresholdRule): string {
  const name = t.scores.rules[rule.by];
  return rule.by === 'f1' ? name : `${name} ${formatPercent(rule.share, 0)}`;
}

/** Says how many questions a threshold answers, and how many of them rightly. */
function figuresText(t: Dictionary, figures: ThresholdFigures | null): string {
  if (!figures) return '–';
  const { answered, questions, right } = figures;
  return t.resultReport.threshold.figures(answered, questions, right);
}

function thresholdSection(t: Dictionary, { extras }: ReportFacts): ReportSection[] {
  const words = t.resultReport.threshold;
  if (extras.thresholds.length === 0) return [];
  const rows = extras.thresholds.map(({ name, threshold: { value, rule, dev, test } }) => [
    name,
    ruleText(t, rule),
    formatThreshold(value),
    figuresText(t, dev),
    figuresText(t, test),
  ]);
  const head = [t.resultReport.models.model, words.rule, words.value, words.dev, words.test];
  return [
    {
      title: words.title,
      blocks: [
        { kind: 'text', text: words.text },
        { kind: 'table', head, rows, texts: 2 },
      ],
    },
  ];
}

function probeSection(t: Dictionary, { extras: { probe } }: ReportFacts): ReportSection[] {
  if (!probe) return [];
  const { answer, passages, name } = probe;
  const { k, hitsBefore, hitsAfter, questions } = answer;
  return [
    {
      title: probeTitle(t.probe, name),
      blocks: [
        {
          kind: 'text',
          text: t.common.inARow(t.probe.hits(k, hitsBefore, hitsAfter, questions), probeSentence(t.probe, answer)),
        },
        note(name === null ? t.probe.general(questions, passages) : t.probe.size(questions, passages)),
      ],
    },
  ];
}

function pairsSection(t: Dictionary, { models, extras: { pairs } }: ReportFacts): ReportSection[] {
  if (!pairs) return [];
  const words = t.compare.pairs;
  const named = (id: string): string => nameOf({ models }, id);
  const cell = ({ value, interval }: CorrelationCell): string => {
    if (value === null) return '–';
    const range = interval && words.range(correlationText(interval.low), correlationText(interval.high));
    return `${correlationText(value)} (${range ?? words.noInterval})`;
  };
  const rows = pairs.rows.map(({ id, undefined: why, spearman, pearson }) => {
    const { adjusted = null } = spearman.baseline ?? {};
    const values = why ? [words.undefined[why], '–'] : [cell(spearman), cell(pearson)];
    return [
      named(id),
      ...values,
      id === pairs.baselineId ? t.compare.table.baseline : adjusted === null ? '–' : formatP(adjusted),
    ];
  });
  const { spearman, pearson } = words.correlations;
  const answer = pairsAnswerText(words, pairs.rows, pairs.baselineId, { pairs: pairs.ids.length, nameOf: named });
  return [
    {
      title: `${words.title}${t.common.colon}${words.size(pairs.ids.length, pairs.name)}`,
      blocks: [
        ...(answer === null ? [] : [{ kind: 'text' as const, text: answer }]),
        { kind: 'table', head: [t.compare.table.model, spearman, pearson, `p (${spearman})`], rows },
        note(words.note(pairs.rows.filter(({ spearman }) => spearman.baseline !== null).length)),
        ...(pairs.trainedOn ? [note(words.trainedOn(pairs.trainedOn))] : []),
        ...(pairs.unchecked ? [note(words.unchecked(pairs.unchecked))] : []),
        ...pairs.otherPairs.map((folder) => note(words.otherPairs(folder))),
      ],
    },
  ];
}

/** Returns the hits of all compared models on a probe set, and their changes from the baseline. */
function probeTableSection(t: Dictionary, { extras: { probeTable } }: ReportFacts): ReportSection[] {
  if (!probeTable) return [];
  const { name, questions, passages, k, baseline, rows } = probeTable;
  const { figures } = t.resultReport;
  const points = (share: number): string => formatSigned(share * 100);
  const cells = rows.map(({ name: model, hits, against }) => {
    const about = [model, `${t.questions.figures.hits(hits, questions)} (${formatPercent(hits / questions)})`];
    if (!against) return [...about, '–', '–', '–', '–'];
    const { hitsAfter, hitsBefore, won, lost, interval, adjusted } = against;
    const change = points((hitsAfter - hitsBefore) / against.questions);
    const range = figures.range(change, points(interval.low), points(interval.high));
    return [...about, range, formatCount(won), formatCount(lost), formatP(adjusted)];
  });
  const { model, change, improved, worse } = figures.columns;
  const head = [model, t.compare.metrics.hitRate(k), change(k), improved, worse, 'p'];
  return [
    {
      title: probeTitle(t.probe, name),
      blocks: [
        ...(baseline === null ? [] : [{ kind: 'text' as const, text: figures.difference(baseline) }]),
        { kind: 'table', head, rows: cells },
        note(name === null ? t.probe.general(questions, passages) : t.probe.size(questions, passages)),
      ],
    },
  ];
}

/** Returns what was decided or measured beside the results: thresholds, probes, scored pairs, changed labels. */
export function extraSections(t: Dictionary, facts: ReportFacts): ReportSection[] {
  return [
    ...thresholdSection(t, facts),
    ...probeSection(t, facts),
    ...probeTableSection(t, facts),
    ...pairsSection(t, facts),
    ...labelSection(t, facts),
  ];
}
