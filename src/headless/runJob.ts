import { AppError } from '../domain/errors';
import type { ArmName } from '../domain/negatives/arms';
import type { RunEvent, RunRecord } from '../domain/run';
import { lastStepOf } from '../domain/train/lastStep';
import type { NamedProbe } from '../domain/evaluate/probe';
import { labelMetrics } from '../domain/report/comparisonMetrics';
import type { ReportFacts } from '../domain/report/reportFacts';
import type { Finding } from '../domain/train/doctor/finding';
import { primaryK } from '../state/evaluation.svelte';
import { ExportState } from '../state/exporting.svelte';
import { gateway } from '../state/gateway';
import { runFacts } from '../state/runFacts';
import { en } from '../ui/i18n/en';
import { zh } from '../ui/i18n/zh';
import { runLabels } from '../ui/report/result/runLabels';
import { blendRun, refuseBlend } from './blendRun';
import { compareNegatives } from './compareNegatives';
import { earlierRun, isUnfinished, resumeNote } from './earlierRun';
import { sendFindings } from './findings';
import { importInputs, type ImportedInputs } from './importInputs';
import { inputNotes } from './inputNotes';
import type { HeadlessJob, JobRoutes } from './jobRoutes';
import { noteLabelDecisions, readLabelDecisions, useLabelDecisions } from './labelDecisions';
import { postReport } from './postReport';
import { EventSender, inputReports, prepare, throttled } from './prepare';
import { probeRun, readProbeSet, refuseProbe } from './probeRun';
import { runMetrics } from './runMetrics';
import { runSweep } from './runSweep';

/** Returns the unfinished runs of the same experiment and device that no other tab is executing, newest first. */
async function unfinishedRuns(inputs: ImportedInputs, job: HeadlessJob): Promise<RunRecord[]> {
  const found: RunRecord[] = [];
  for (const { experimentId } of await gateway.listExperiments()) {
    for (const run of await gateway.listRuns(experimentId)) {
      const same = run.experimentHash === inputs.experimentHash && run.devicePreference === job.device;
      if (same && isUnfinished(run, job.delivered) && !(await gateway.isRunHeld(run.runId))) found.push(run);
    }
  }
  return found.sort((a, b) => b.createdAt - a.createdAt);
}

/** Trains a run to its end, unless it is done already. `arm` marks its events if the command compares several runs. */
async function train(
  runId: string,
  sender: EventSender,
  arm?: ArmName,
): Promise<{ run: RunRecord; events: RunEvent[] }> {
  const send = (events: RunEvent[]): void =>
    sender.send('events', arm === undefined ? events : events.map((event) => ({ ...event, arm })));
  const earlier = await gateway.readEvents(runId, 0);
  if (earlier.length > 0) send(earlier);
  const stored = await gateway.getRun(runId);
  sender.send('progress', { totalSteps: stored ? lastStepOf(stored, null) : 0 });
  if (stored?.status !== 'done') await (await gateway.gpu()).startRun(runId, send);
  await sender.settled();
  const run = await gateway.getRun(runId);
  if (run?.status !== 'done')
    throw run?.error ? new AppError(run.error) : new AppError({ kind: 'not-found', what: 'run', id: runId });
  return { run, events: await gateway.readEvents(runId, 0) };
}

/**
 * Executes one job from end to end with the page's own code: imports files, trains, posts metrics and export. Returns
 * the ids of the runs: one, or those that the job compares. A sweep has one id.
 */
export async function runJob(routes: JobRoutes, job: HeadlessJob): Promise<string[]> {
  const sender = new EventSender(routes);
  const begun = performance.now();
  sender.send('progress', { what: 'import', done: 0, of: 0 });
  const inputs = await importInputs(routes, job, inputReports(sender));
  const importMs = performance.now() - begun;
  for (const note of inputNotes(inputs)) sender.send('progress', { note });
  if (inputs.sweep) return [await runSweep(routes, job, { inputs, axes: inputs.sweep, sender })];
  if (inputs.compare) return runArms(routes, job, inputs, sender);
  await refuseBlend(inputs);
  refuseProbe(inputs);
  const decisions = await readLabelDecisions(routes, job);
  const { probe: asked, experiment } = inputs;
  const probeSet = asked && (await readProbeSet(routes, job, { probe: asked, data: experiment.data }, sender));
  const earlier = earlierRun(await unfinishedRuns(inputs, job), job.budgetBytes);
  const { resumed } = earlier;
  const note = resumed ? resumeNote(resumed) : earlier.note;
  if (note !== undefined) sender.send('progress', { note });
  const experimentId = resumed?.experimentId ?? (await prepare(inputs, job, sender));
  const findings = await sendFindings(experimentId, inputs.experiment, job, sender);
  const newRun = async () => (await gateway.gpu()).createRun(experimentId, job.device, job.budgetBytes ?? null);
  const { run, events } = await train(resumed?.runId ?? (await newRun()), sender);
  const blend = inputs.blend && (await blendRun(run, inputs.blend, sender));
  const exportBegun = performance.now();
  sender.send('progress', { what: 'export', done: 0, of: 0 });
  const exporting = new ExportState();
  const exported = await exporting.start(run, 'files', blend?.ratio);
  if (!exported || !exporting.reference) throw new AppError({ kind: 'model-missing' });
  await sender.settled();
  const exportMs = performance.now() - exportBegun;
  const probe = probeSet && (await probeRun(run, probeSet, blend?.ratio ?? 1, sender));
  const inForce = await useLabelDecisions(experimentId, decisions, sender);
  const unused = await noteLabelDecisions({ runId: run.runId }, inForce, sender);
  const facts = await reportRun(routes, job, { run, findings, sender, probe: probeSet });
  await routes.post(
    'metrics',
    await runMetrics({
      ...{ run, events, inputs, findings, resumed: resumed !== undefined, exported, blend: blend?.report },
      ...{ questions: facts?.questions ?? [], knowledgeBaseSha256: facts?.knowledgeBaseSha256 ?? null },
      ...{ reference: exporting.reference, importMs, exportMs, probe },
      labelDecisions: { ...(facts ? labelMetrics(facts) : { changes: 0 }), ...unused },
    }),
  );
  for (const { path, blob } of exported.files) await routes.postExport(path, blob);
  return [run.runId];
}

/** Writes the report of a run. Returns its facts, or null if the run was not evaluated on test. */
async function reportRun(
  routes: JobRoutes,
  job: HeadlessJob,
  {
    run,
    findings,
    sender,
    probe,
  }: { run: RunRecord; findings: readonly Finding[]; sender: EventSender; probe: NamedProbe | null },
): Promise<ReportFacts | null> {
  const facts = await runFacts(run, {
    ...{ name: job.name, k: primaryK(run.experiment), findings, probe },
    labelsOf: (model) => runLabels(job.language === 'zh' ? zh : en, model),
    // Every evaluation on test counts: before and after training, and blends.
    testUses: (await gateway.listBlends(run.runId, 'test')).length,
  });
  if (facts) await postReport(routes, job, facts, sender);
  return facts;
}

/** Runs the arms of the negatives experiment and posts their comparison. Exports nothing. */
async function runArms(
  routes: JobRoutes,
  job: HeadlessJob,
  inputs: ImportedInputs,
  sender: EventSender,
): Promise<string[]> {
  const { runIds, metrics } = await compareNegatives({
    job,
    inputs,
    note: (note) => sender.send('progress', { note }),
    prepare: () => prepare(inputs, job, sender),
    findings: (experimentId) => sendFindings(experimentId, inputs.experiment, job, sender),
    mineProgress: throttled((done, of) => sender.send('progress', { what: 'mine', done, of })),
    report: (facts) => postReport(routes, job, facts, sender),
    train: (runId, arm) => train(runId, sender, arm),
  });
  await sender.settled();
  await routes.post('metrics', metrics);
  return runIds;
}
