import { runFolderComparison } from './compareJob';
import { runEvaluation } from './evaluateJob';
import type { CompareJob, EvaluateJob, JobRoutes } from './jobRoutes';
import { EventSender } from './prepare';

/** Does a job that compares models without training, and posts its metrics. */
export async function runComparisonJob(routes: JobRoutes, job: EvaluateJob | CompareJob): Promise<void> {
  const sender = new EventSender(routes);
  const { metrics } = job.kind === 'evaluate' ? await runEvaluation(routes, job, sender) : await runFolderComparison(job);
  await sender.settled();
  await routes.post('metrics', { command: job.kind, ...metrics });
}
