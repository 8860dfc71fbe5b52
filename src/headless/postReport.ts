import { gateway } from '../state/gateway';
import { reportFileName, reportFormats, resultFile, type AnyReportFacts } from '../ui/report/result/resultFiles';
import type { Job, JobRoutes } from './jobRoutes';
import type { EventSender } from './prepare';

/** Writes the report in all formats and sends it to the runner, which stores it next to metrics.json. */
export async function postReport(
  routes: JobRoutes,
  { language }: Pick<Job, 'language'>,
  facts: AnyReportFacts,
  sender: EventSender,
): Promise<void> {
  const data = await gateway.data();
  for (const [index, format] of reportFormats.entries()) {
    sender.send('progress', { what: 'report', done: index, of: reportFormats.length });
    const file = await resultFile(facts, format, language, data);
    await routes.postReport(reportFileName(format), file);
  }
}
