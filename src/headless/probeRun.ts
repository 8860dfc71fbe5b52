import { forgettingOf, probeInterval, sharesData, type NamedProbe, type ProbeSet } from '../domain/evaluate/probe';
import type { ProbeJob } from '../domain/evaluate/probeFile';
import { own } from '../domain/errorWords';
import { AppError } from '../domain/errors';
import type { DataEntry } from '../domain/experiment';
import { parseExperimentFile } from '../domain/experimentFile';
import { experimentInvalid, parseExperiment } from '../domain/parseExperiment';
import type { RunRecord } from '../domain/run';
import { prefixOf } from '../domain/train/prefix';
import { primaryK } from '../state/evaluation.svelte';
import { gateway } from '../state/gateway';
import { dataExperimentId } from './dataExperiment';
import { InputReader, type ImportedInputs } from './importInputs';
import { dataNotes } from './inputNotes';
import type { Job, JobRoutes } from './jobRoutes';
import { inputReports, throttled, type EventSender } from './prepare';

/** A probe set that was read into storage. */
export interface ReadProbe extends NamedProbe {
  set: ProbeSet;
  questions: number;
  passages: number;
}

/** Throws `experiment-invalid` before the run if the base model lacks rows that a stage trains. */
export function refuseProbe({ experiment, probe }: Pick<ImportedInputs, 'experiment' | 'probe'>): void {
  if (probe && prefixOf(experiment.stages)) throw experimentInvalid('probe', probe.kind, own('no-prefix'));
}

/** Returns the job with the files of the probe set in the slots of an experiment's data. */
function jobOfProbe(job: Job): Job {
  const names: Record<string, string> = { probeKnowledgeBase: 'knowledgeBase', probeDevQuestions: 'devQuestions' };
  const inputs = job.inputs.flatMap((input) => {
    const slot = names[input.slot];
    return slot === undefined ? [] : [{ ...input, slot }];
  });
  return { ...job, inputs };
}

/**
 * Reads the files of a probe set into storage, as an experiment without training. `data` is that of the experiment.
 * @throws experiment-invalid if both share a file: the experiment's own questions would say nothing about forgetting.
 */
export async function readProbeFiles(
  routes: JobRoutes,
  job: Job,
  { locations, data }: { locations: object; data: readonly DataEntry[] },
  sender: EventSender,
): Promise<{ experimentId: string; name: string }> {
  const ownJob = jobOfProbe(job);
  const reader = new InputReader(routes, ownJob, parseExperimentFile({ locations }), inputReports(sender));
  const entries = await reader.data();
  if (sharesData(data, entries)) throw experimentInvalid('probe', job.name, own('other-data'));
  const experiment = parseExperiment({ data: entries, split: { devFraction: 0 } });
  const { titles, recognised, leftOut } = reader;
  for (const note of dataNotes({ titles, recognised, leftOut, experiment }))
    sender.send('progress', { note: `probe, ${note}` });
  const name = ownJob.inputs.find(({ slot }) => slot === 'devQuestions')?.path ?? '';
  return { experimentId: await dataExperimentId(`${job.name} (probe)`, experiment), name };
}

/** Reads the probe set of a file into storage. `data` is that of the experiment. Throws like `readProbeFiles`. */
export async function readProbeSet(
  routes: JobRoutes,
  job: Job,
  { probe, data }: { probe: ProbeJob; data: readonly DataEntry[] },
  sender: EventSender,
): Promise<ReadProbe> {
  const worker = await gateway.data();
  if (probe.kind === 'general') {
    const set = { kind: 'general' as const };
    return { set, name: null, ...(await worker.describeProbe(set)) };
  }
  const { experimentId, name } = await readProbeFiles(routes, job, { locations: probe.locations, data }, sender);
  const set = { kind: 'experiment' as const, experimentId };
  return { set, name, ...(await worker.describeProbe(set)) };
}

/**
 * Measures base model, tuned weights and the exported blend on a probe set. Returns the part of metrics.json about it.
 * `change` is the change in hit rate with Newcombe's paired interval.
 */
export async function probeRun(
  run: RunRecord,
  { set, name, sha256, questions, passages }: ReadProbe,
  ratio: number,
  sender: EventSender,
): Promise<object> {
  const progress = throttled((done, of) => sender.send('progress', { what: 'probe', done, of }));
  const ratios = [...new Set([0, 1, ratio])];
  await (await gateway.gpu()).evaluateBlends(run.runId, { ratios, probe: set }, progress);
  const k = primaryK(run.experiment);
  const [answer] = (await (await gateway.data()).compareRun(run.runId, [k], sha256)) ?? [];
  if (!answer) throw new AppError({ kind: 'not-found', what: 'evaluation', id: run.runId });
  const { hitsBefore, hitsAfter, won, lost, p } = answer;
  const points = await gateway.listBlends(run.runId, 'probe', sha256);
  return {
    ...{ set: name === null ? 'general' : name, sha256, questions, passages, k, won, lost, mcNemarP: p },
    hitRate: { before: hitsBefore / answer.questions, after: hitsAfter / answer.questions },
    change: { value: (hitsAfter - hitsBefore) / answer.questions, ...probeInterval(answer) },
    verdict: forgettingOf(answer),
    ratios: points.filter((point) => ratios.includes(point.ratio)),
  };
}
