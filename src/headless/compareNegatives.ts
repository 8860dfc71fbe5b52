import { AppError } from '../domain/errors';
import { trainsOn } from '../domain/experiment';
import { armNames, armsOf, minedRanks, type ArmName } from '../domain/negatives/arms';
import { comparedArms, findArmRuns, type ArmRuns } from '../domain/negatives/armRuns';
import type { ArmsComparison } from '../domain/negatives/compareArms';
import type { ArmsFacts } from '../domain/report/armsFacts';
import type { RunEvent, RunRecord } from '../domain/run';
import type { Finding } from '../domain/train/doctor/finding';
import { readArmEvaluations } from '../state/armEvaluations';
import { gateway } from '../state/gateway';
import { armsFacts } from '../state/severalRunsFacts';
import { en } from '../ui/i18n/en';
import { formatCount } from '../ui/i18n/format';
import { armsSentence } from '../ui/negatives/armsText';
import type { ImportedInputs } from './importInputs';
import type { HeadlessJob } from './jobRoutes';
import { environmentOf, phaseDurations, summaryOf } from './runMetrics';

/** Everything that the arms of a job need from the runner's page. */
export interface ArmsJob {
  job: HeadlessJob;
  inputs: ImportedInputs;
  note: (text: string) => void;
  /** Stores the experiment and returns its id. */
  prepare: () => Promise<string>;
  findings: (experimentId: string) => Promise<readonly Finding[]>;
  mineProgress: (done: number, of: number) => void;
  /** Writes the report of the comparison. */
  report: (facts: ArmsFacts) => Promise<void>;
  /** Trains a run to its end and reports its events under the name of the arm. */
  train: (runId: string, arm: ArmName) => Promise<{ run: RunRecord; events: RunEvent[] }>;
}

/**
 * Runs the arms of the negatives experiment one after another. Skips arms that an interrupted command has already
 * finished. Returns metrics.json and the ids of the runs. Throws `negatives-need-pairs` if all stages train on scored
 * pairs.
 */
export async function compareNegatives(arms: ArmsJob): Promise<{ runIds: string[]; metrics: object }> {
  const { job, inputs, note } = arms;
  if (!trainsOn(inputs.experiment.stages, 'pairs')) throw new AppError({ kind: 'negatives-need-pairs' });
  const passages = await passagesOf(inputs);
  const experiments = armsOf(inputs.experiment, passages);
  const ranks = minedRanks(inputs.experiment, passages);
  const t = en.negatives.arms;
  note(t.ranks(formatCount(ranks.firstRank), formatCount(ranks.lastRank), ranks.perAnchor));
  if (ranks.scaled) note(t.scaled(formatCount(passages)));
  const earlier = await findArmRuns(await freeRuns(job), experiments, job.device);
  const known = armNames.map((name) => earlier[name]).find((run) => run !== null);
  const experimentId = known?.experimentId ?? (await arms.prepare());
  const findings = await arms.findings(experimentId);
  const gpu = await gateway.gpu();
  await gpu.mineNegatives(experimentId, job.device, arms.mineProgress, [experiments.mined, experiments.filtered]);
  const events: Partial<Record<ArmName, RunEvent[]>> = {};
  const runs: ArmRuns = { inBatch: null, mined: null, filtered: null };
  for (const [i, name] of armNames.entries()) {
    const { runId = '', status } = earlier[name] ?? {};
    const did = status === 'done' ? ', done by an earlier command' : status ? ', resuming' : '';
    note(`== run ${i + 1} of ${armNames.length}: negatives ${t.names[name]}${did}`);
    const budget = job.budgetBytes ?? null;
    const id = runId || (await gpu.createRun(experimentId, job.device, budget, experiments[name]));
    const trained = await arms.train(id, name);
    runs[name] = trained.run;
    events[name] = trained.events;
  }
  const { comparison, metrics } = await metricsOf(inputs, runs, events, findings);
  const facts = await armsFacts({ name: job.name, experiment: inputs.experiment, findings }, runs, comparison);
  if (facts) await arms.report(facts);
  return { runIds: armNames.map((name) => runs[name]?.runId ?? ''), metrics };
}

async function passagesOf({ experiment }: ImportedInputs): Promise<number> {
  const entry = experiment.data.find(({ role }) => role === 'knowledgeBase');
  return (await gateway.getDataset(entry?.contentSha256 ?? ''))?.rows ?? 0;
}

/** Returns the runs that no other tab is executing and whose results no earlier command has written. */
async function freeRuns({ delivered }: HeadlessJob): Promise<RunRecord[]> {
  const found: RunRecord[] = [];
  for (const { experimentId } of await gateway.listExperiments())
    for (const run of await gateway.listRuns(experimentId))
      if (!delivered.includes(run.runId) && !(await gateway.isRunHeld(run.runId))) found.push(run);
  return found;
}

/** Builds metrics.json of the negatives experiment. */
async function metricsOf(
  { experiment, experimentHash, leftOut }: ImportedInputs,
  runs: ArmRuns,
  events: Partial<Record<ArmName, RunEvent[]>>,
  findings: readonly Finding[],
): Promise<{ comparison: ArmsComparison; metrics: object }> {
  const comparison = comparedArms(await readArmEvaluations(runs), experiment.evaluation.primary);
  const first = runs.inBatch;
  if (!comparison || !first) throw new AppError({ kind: 'not-found', what: 'run', id: '' });
  const arms: object[] = [];
  for (const name of armNames) {
    const run = runs[name];
    if (run) arms.push(await armMetrics(name, run, events[name] ?? []));
  }
  const sentence = armsSentence(en, comparison);
  const environment = environmentOf(first);
  const rest = { comparison, arms, experimentHash, experiment, findings, leftOut, environment };
  return { comparison, metrics: { compare: 'negatives', sentence, ...rest } };
}

async function armMetrics(name: ArmName, run: RunRecord, events: readonly RunEvent[]): Promise<object> {
  const before = await gateway.getEvaluation(run.runId, 'dev', 'before');
  const after = await gateway.getEvaluation(run.runId, 'dev', 'after');
  return {
    arm: name,
    experimentHash: run.experimentHash,
    weightsSha256: run.weightsSha256,
    steps: run.steps,
    keptStep: run.keptStep,
    ...(run.negatives ? { negatives: run.negatives } : {}),
    dev: { before: before ? summaryOf(before) : null, after: after ? summaryOf(after) : null },
    ranksAfter: Object.fromEntries(after?.results.map(({ questionId, ranks }) => [questionId, ranks]) ?? []),
    deviceChanges: run.deviceChanges ?? [],
    buildChanges: run.buildChanges ?? [],
    durationsMs: phaseDurations(events),
  };
}
