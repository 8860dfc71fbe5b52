import { runFolderComparison } from './compareJob';
import { runEvaluation } from './evaluateJob';
import type { CompareJob, EvaluateJob, JobRoutes } from './jobRoutes';
import { postReport } from './postReport';
import { EventSender } from './prepare';

/** Executes a job that compares models without training, and posts its metrics. */
export async function runComparisonJob(routes: JobRoutes, job: EvaluateJob | CompareJob): Promise<void> {
  const sender = new EventSender(routes);
  const { facts, metrics } =
    job.kind === 'evaluate' ? await runEvaluation(routes, job, sender) : await runFolderComparison(job);
  if (job.withReport) await postReport(routes, job, facts, sender);
  await sender.settled();
  await routes.post('metrics', { command: job.kind, ...metrics });
}
