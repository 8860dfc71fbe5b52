import { comparedMetrics, metricId } from '../../../domain/evaluate/comparedMetric';
import type { Language } from '../../../domain/language';
import type { ArmsFacts } from '../../../domain/report/armsFacts';
import { htmlReport } from '../../../domain/report/htmlReport';
import { markdownReport } from '../../../domain/report/markdownReport';
import type { ReportDocument } from '../../../domain/report/reportDocument';
import type { ReportFacts } from '../../../domain/report/reportFacts';
import type { SheetWords } from '../../../domain/report/resultSheets';
import type { SweepFacts } from '../../../domain/report/sweepFacts';
import type { CompareApi } from '../../../protocol/compareApi';
import type { Dictionary } from '../../i18n/dictionary';
import { en } from '../../i18n/en';
import { zh } from '../../i18n/zh';
import { resultDocument } from './resultDocument';
import { armsDocument, sweepDocument } from './severalRunsDocument';
import { severalRunsSheets } from './severalRunsWorkbook';

export const reportFormats = ['html', 'markdown', 'xlsx'] as const;
export type ReportFormat = (typeof reportFormats)[number];

const extensions: Record<ReportFormat, string> = { html: 'html', markdown: 'md', xlsx: 'xlsx' };
export const reportFileName = (format: ReportFormat): string => `report.${extensions[format]}`;

/** What a report can be about: models that were compared, a sweep, or the negatives experiment. */
export type AnyReportFacts = ReportFacts | SweepFacts | ArmsFacts;

/** The worker that writes Excel files. */
type WorkbookWriter = Pick<CompareApi, 'writeWorkbook' | 'writeSheets'>;

function sheetWords(t: Dictionary, facts: ReportFacts): SheetWords {
  const { sheet, scope, notes } = t.resultReport;
  const { questions: questionsSheet, metrics: metricsSheet, ...rest } = sheet;
  const metrics = comparedMetrics(facts.k).map((metric) => [
    metricId(metric),
    t.compare.metrics[metric.name](metric.k),
  ]);
  return {
    ...rest,
    ...{ questionsSheet, metricsSheet, title: facts.name, metric: t.compare.metric },
    about: [scope(facts.rows[0]?.questions ?? 0, facts.part, facts.passages), notes.intervals],
    metrics: Object.fromEntries(metrics) as Record<string, string>,
    notFound: t.evaluate.notFound,
    marks: t.questions.marks.entry,
  };
}

function documentOf(t: Dictionary, language: Language, facts: AnyReportFacts): ReportDocument {
  if (!('kind' in facts)) return resultDocument(t, language, facts);
  return facts.kind === 'sweep' ? sweepDocument(t, language, facts) : armsDocument(t, language, facts);
}

/** Writes a report in one format. HTML and Markdown are put together here, Excel files by `writer` in a worker. */
export async function resultFile(
  facts: AnyReportFacts,
  format: ReportFormat,
  language: Language,
  writer: WorkbookWriter,
): Promise<Blob> {
  const t = language === 'zh' ? zh : en;
  if (format === 'xlsx')
    return 'kind' in facts
      ? writer.writeSheets(severalRunsSheets(t, facts))
      : writer.writeWorkbook(facts, sheetWords(t, facts));
  const document = documentOf(t, language, facts);
  return format === 'html'
    ? new Blob([htmlReport(document)], { type: 'text/html' })
    : new Blob([markdownReport(document)], { type: 'text/markdown' });
}
