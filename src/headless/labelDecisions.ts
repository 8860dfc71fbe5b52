import type { LabelDecision } from '../domain/evaluate/labelDecisions';
import { parseLabelFile } from '../domain/evaluate/labelFile';
import type { ResultsOwner } from '../protocol/questionFigures';
import { gateway } from '../state/gateway';
import { formatCount } from '../ui/i18n/format';
import type { Job, JobRoutes } from './jobRoutes';
import type { EventSender } from './prepare';

const slot = 'labelDecisions';

/** Reads the decisions of the job's file. Returns null if it names none. Throws `experiment-invalid`. */
export async function readLabelDecisions(routes: Pick<JobRoutes, 'files'>, job: Job): Promise<LabelDecision[] | null> {
  const [found] = await routes.files(job, slot);
  return found ? parseLabelFile(await found.file.text(), `locations.${slot}`) : null;
}

/**
 * Makes the decisions those of the experiment in the command's profile, so that reports show the figures by them beside
 * the recorded ones. Without a file, decisions that are stored stay.
 */
export async function useLabelDecisions(experimentId: string, labelDecisions: LabelDecision[] | null): Promise<void> {
  const stored = await gateway.getExperiment(experimentId);
  if (labelDecisions && stored) await gateway.putExperiment({ ...stored, labelDecisions });
}

/** Notes how many of the decisions have an effect. Returns what metrics.json says about those that have none. */
export async function noteLabelDecisions(
  owner: ResultsOwner,
  decisions: LabelDecision[] | null,
  sender: EventSender,
): Promise<{ stale: number; ofOtherPart: number } | null> {
  if (!decisions) return null;
  const part = 'runId' in owner ? 'test' : owner.part;
  const { count, stale } = await (await gateway.data()).labelChangesOf(owner);
  const ofOtherPart = decisions.filter((one) => one.part !== part).length;
  const unused = [
    ...(stale > 0 ? [`${formatCount(stale)} without effect: question or passage is not in the data`] : []),
    ...(ofOtherPart > 0 ? [`${formatCount(ofOtherPart)} about other questions than ${part}`] : []),
  ];
  const note = `label decisions: ${[`${formatCount(count)} labels changed`, ...unused].join('; ')}`;
  sender.send('progress', { note });
  return { stale, ofOtherPart };
}
