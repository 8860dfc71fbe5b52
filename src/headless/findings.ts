import { toAppError } from '../domain/errors';
import type { Experiment } from '../domain/experiment';
import type { MemoryReport } from '../domain/memory/report';
import { examine } from '../domain/train/doctor/examine';
import type { Finding } from '../domain/train/doctor/finding';
import { gateway } from '../state/gateway';
import { en } from '../ui/i18n/en';
import { findingText, fixText } from '../ui/train/findingText';
import type { HeadlessJob } from './jobRoutes';
import type { EventSender } from './prepare';

/** Returns the memory plan of an experiment, or null if planning fails; creating the run then fails with the reason. */
async function memoryPlan(experimentId: string, { device, budgetBytes }: HeadlessJob): Promise<MemoryReport | null> {
  try {
    return await (await gateway.gpu()).planMemory(experimentId, device, budgetBytes ?? null);
  } catch (thrown) {
    // A dead worker can't train either. Any other error is reported when the run is created.
    if (toAppError(thrown).details.kind === 'worker-crashed') throw thrown;
    return null;
  }
}

/** Checks an experiment before its run, as the page does. */
export async function findingsOf(experimentId: string, experiment: Experiment, job: HeadlessJob): Promise<Finding[]> {
  const data = await gateway.data();
  return examine(experiment, {
    model: (await gateway.getModel(experiment.model?.contentSha256 ?? '')) ?? null,
    split: await data.countSplit(experiment, () => undefined),
    texts: await data.examineTexts(experiment, () => undefined),
    memory: await memoryPlan(experimentId, job),
  });
}

/**
 * Returns the line in the terminal for a finding. Findings that stop the run are left to its refusal, which states the
 * reason.
 */
export function findingLine(finding: Finding, stages: number): string {
  const { title, why } = findingText(en, finding, stages);
  const reason = finding.severity === 'stops' ? '' : ` ${why}`;
  const fix = finding.fix ? ` To fix it: ${fixText(en, finding.fix)}.` : '';
  return `${en.doctor.severities[finding.severity].toLowerCase()}: ${title}.${reason}${fix}`;
}

/** Checks the experiment before its run and sends each finding to the terminal. */
export async function sendFindings(
  experimentId: string,
  experiment: Experiment,
  job: HeadlessJob,
  sender: EventSender,
): Promise<readonly Finding[]> {
  const findings = await findingsOf(experimentId, experiment, job);
  for (const finding of findings) sender.send('progress', { finding: findingLine(finding, experiment.stages.length) });
  return findings;
}
