import type { ReportFacts } from '../domain/report/reportFacts';
import { gateway } from '../state/gateway';
import { reportFileName, reportFormats, resultFile } from '../ui/report/result/resultFiles';
import type { Job, JobRoutes } from './jobRoutes';
import type { EventSender } from './prepare';

/** Writes the report in all formats and sends it to the runner, which stores it next to metrics.json. */
export async function postReport(
  routes: JobRoutes,
  { language }: Pick<Job, 'language'>,
  facts: ReportFacts,
  sender: EventSender,
): Promise<void> {
  const data = await gateway.data();
  for (const [index, format] of reportFormats.entries()) {
    sender.send('progress', { what: 'report', done: index, of: reportFormats.length });
    const file = await resultFile(facts, format, language, (...parts) => data.writeWorkbook(...parts));
    await routes.postReport(reportFileName(format), file);
  }
}
