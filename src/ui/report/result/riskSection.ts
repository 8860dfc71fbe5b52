import { metricId } from '../../../domain/evaluate/comparedMetric';
import type { Language } from '../../../domain/language';
import type { ReportBlock, ReportSection } from '../../../domain/report/reportDocument';
import type { ReportFacts, ReportedTraining } from '../../../domain/report/reportFacts';
import type { Dictionary } from '../../i18n/dictionary';
import { errorSentence } from '../../i18n/errors';
import { findingText, fixText } from '../../train/findingText';

/** With fewer questions, a single one counts for more than one percentage point, and intervals span about twenty. */
export const fewQuestions = 100;

export const warning = (text: string): ReportBlock => ({ kind: 'text', text, tone: 'warning' });

/** Returns the findings of the checks before the run, each with its reason and a way to fix it. */
export function findingBlocks(
  t: Dictionary,
  findings: ReportFacts['findings'],
  training: Pick<ReportedTraining, 'experiment'> | null,
): ReportBlock[] {
  const words = t.resultReport.risks;
  if (!training) return [];
  if (findings === null) return [warning(words.unknown)];
  if (findings.length === 0) return [{ kind: 'text', text: words.none }];
  return findings.map((finding) => {
    const { title, why } = findingText(t, finding, training.experiment.stages.length);
    const fix = finding.fix ? [words.fix(fixText(t, finding.fix))] : [];
    const severity = t.doctor.severities[finding.severity];
    const found = `${severity}${t.common.colon}${title}${t.common.stop}`;
    return warning(t.common.inARow(found, why, ...fix));
  });
}

/** Returns a warning if the keyword search does as well as the judged model. */
function keywordBlocks(t: Dictionary, { models, rows, k, judgedId }: ReportFacts): ReportBlock[] {
  const keywords = models.find(({ kind }) => kind === 'keywords');
  const judged = models.find(({ id }) => id === judgedId);
  const value = (id: string | undefined) =>
    rows.find((row) => row.id === id)?.cells[metricId({ name: 'hitRate', k })]?.value;
  const [floor, reached] = [value(keywords?.id), value(judgedId)];
  if (!judged || judged === keywords || floor === undefined || reached === undefined || floor < reached) return [];
  return [warning(t.resultReport.risks.keywords(judged.name))];
}

/** Returns the risks: few questions, a test set used before, a keyword search that is not beaten, and the findings. */
export function riskSection(t: Dictionary, language: Language, facts: ReportFacts): ReportSection {
  const words = t.resultReport.risks;
  const questions = facts.rows[0]?.questions ?? 0;
  const { part, testUses, failures } = facts;
  return {
    title: words.title,
    blocks: [
      ...(questions < fewQuestions ? [warning(words.small(questions))] : []),
      ...keywordBlocks(t, facts),
      ...(part === 'test' && testUses !== null ? [{ kind: 'text' as const, text: words.testUses(testUses) }] : []),
      ...failures.map(({ name, what, error }) => warning(words.failed[what](name, errorSentence(error, language)))),
      ...findingBlocks(t, facts.findings, facts.training),
    ],
  };
}
