import { canonicalJson } from '../domain/canonicalJson';
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
 * the recorded ones. Without a file, decisions of an earlier command stay, which is noted, and so is their replacement.
 * Returns those in force, or null if there are none and the file names none.
 */
export async function useLabelDecisions(
  experimentId: string,
  labelDecisions: LabelDecision[] | null,
  sender: EventSender,
): Promise<LabelDecision[] | null> {
  const stored = await gateway.getExperiment(experimentId);
  const earlier = stored?.labelDecisions ?? [];
  const note = (text: string): void => void sender.send('progress', { note: `label decisions: ${text}` });
  if (!labelDecisions) {
    if (earlier.length > 0) note(`${formatCount(earlier.length)} of an earlier command are used`);
    return earlier.length > 0 ? earlier : null;
  }
  if (earlier.length > 0 && canonicalJson(earlier) !== canonicalJson(labelDecisions))
    note(`${formatCount(earlier.length)} of an earlier command are replaced by those of the file`);
  if (stored) await gateway.putExperiment({ ...stored, labelDecisions });
  return labelDecisions;
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
