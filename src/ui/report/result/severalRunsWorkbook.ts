import { metricNames } from '../../../domain/experiment';
import type { ArmsFacts } from '../../../domain/report/armsFacts';
import { armsSheets, sweepSheets, type SeveralRunsWords } from '../../../domain/report/severalRunsSheets';
import type { SweepFacts } from '../../../domain/report/sweepFacts';
import type { WorkbookSheet } from '../../../domain/report/workbook';
import { metricLabel } from '../../evaluate/metricLabel';
import type { Dictionary } from '../../i18n/dictionary';
import { armsSentence } from '../../negatives/armsText';
import { axisText, axisValueText } from '../../train/sweepText';
import { runStateText, sweepAnswerText } from './severalRunsDocument';

function wordsOf(t: Dictionary, facts: SweepFacts | ArmsFacts): SeveralRunsWords {
  const { sheet, severalRuns: words } = t.resultReport;
  const metric = metricLabel(t, facts.metric);
  const { answer, lead } =
    facts.kind === 'sweep'
      ? sweepAnswerText(t, facts)
      : { answer: armsSentence(t, facts.comparison), lead: t.negatives.arms.seedNote };
  return {
    ...{ top: [facts.name, answer, lead, words.devOnly(facts.questions)], metric, mean: t.sweep.mean(metric) },
    ...{ low: words.low, high: words.high, runs: words.runs, done: words.done, perSeed: t.sweep.scores },
    ...{ before: words.before, state: words.state, keptStep: words.keptStep, steps: words.planned },
    ...{ question: words.question, rank: words.rank, change: words.change, verdict: words.verdict },
    ...{ notFound: t.evaluate.notFound, cutMark: sheet.cutMark },
    ...{ cutNote: sheet.cutNote, replacedNote: sheet.replacedNote },
    firstSheet: facts.kind === 'sweep' ? words.combinations : sheet.metrics,
    secondSheet: facts.kind === 'sweep' ? words.runs : sheet.questions,
  };
}

/** Returns the workbook of a sweep or of the negatives experiment, in one language. */
export function severalRunsSheets(t: Dictionary, facts: SweepFacts | ArmsFacts): WorkbookSheet[] {
  const words = wordsOf(t, facts);
  if (facts.kind === 'arms')
    return armsSheets(facts, words, {
      arms: t.negatives.arms.names,
      verdicts: t.resultReport.figures.verdicts,
      metrics: metricNames.map((metric) => [metric, metricLabel(t, metric)]),
    });
  const { axes, runs } = facts;
  return sweepSheets(facts, words, {
    axes: axes.map((axis) => axisText(t, axis)),
    value: (at, value) => {
      const axis = axes[at];
      return axis ? axisValueText(t, axis, value) : '';
    },
    status: (at) => {
      const run = runs[at];
      return run ? runStateText(t, run) : '';
    },
  });
}
