import { candidateId, denseOf, type Candidate } from '../domain/evaluate/candidate';
import { comparisonMetrics, labelMetrics } from '../domain/report/comparisonMetrics';
import {
  candidatesOf,
  parseEvaluationFile,
  type EvaluableModel,
  type EvaluationFile,
  type NamedCandidate,
} from '../domain/evaluate/evaluationFile';
import { AppError, type AppErrorDetails } from '../domain/errors';
import { onnxBytes } from '../domain/onnxModel';
import { parseExperiment } from '../domain/parseExperiment';
import type { ReportFacts, ReportedFailure, ReportedModel } from '../domain/report/reportFacts';
import { entryOf } from '../domain/import/slots';
import { comparisonFacts } from '../state/comparisonFacts';
import { gateway } from '../state/gateway';
import { en } from '../ui/i18n/en';
import { errorSentence } from '../ui/i18n/errors';
import { dataExperimentId } from './dataExperiment';
import { evaluateCandidates, scorePairs } from './evaluateCandidates';
import { evaluateProbe } from './evaluateProbe';
import { InputReader } from './importInputs';
import { dataNotes } from './inputNotes';
import type { EvaluateJob, JobRoutes } from './jobRoutes';
import { noteLabelDecisions, readLabelDecisions, useLabelDecisions } from './labelDecisions';
import { inputReports, type EventSender } from './prepare';

/** Reads the file's data and models into storage. */
async function readInputs(routes: JobRoutes, job: EvaluateJob, file: EvaluationFile, sender: EventSender) {
  sender.send('progress', { what: 'import', done: 0, of: 0 });
  const reader = new InputReader(routes, job, file.inputs, inputReports(sender));
  const data = await reader.data();
  const models: EvaluableModel[] = [];
  for (const [index, { name, location, onnx, stated }] of file.models.entries()) {
    const place = { slot: `model${index}`, name, location, promised: stated.contentSha256 };
    const choice = { graph: onnx ?? '', pooling: stated.pooling ?? null };
    models.push(onnx === null ? await reader.model(place) : await reader.onnxModel(place, choice));
  }
  const experiment = parseExperiment({ data, split: { devFraction: 0 } });
  return { reader, models, experiment };
}

function labelOf({ name, candidate, model }: NamedCandidate): Omit<ReportedModel, 'results' | 'passagesPerSecond'> {
  const { kind } = candidate;
  const dense = denseOf(candidate);
  return {
    id: candidateId(candidate),
    name,
    detail: detailOf(candidate),
    kind,
    settings: dense && 'model' in dense ? dense.model : null,
    ...sizesOf(model),
  };
}

function detailOf(candidate: Candidate): string {
  const dense = denseOf(candidate);
  if (!dense) return en.compare.keywordsDetail;
  return dense.kind === 'onnx' ? en.compare.onnx.detail : en.compare.untrained;
}

function sizesOf(model: EvaluableModel | null): Pick<ReportedModel, 'bytes' | 'dimension'> {
  if (!model) return { bytes: null, dimension: null };
  // config.json of an ONNX model need not state the length of a vector.
  if ('graph' in model) return { bytes: onnxBytes(model), dimension: model.dimension === 0 ? null : model.dimension };
  return { bytes: model.totalFloats * 4, dimension: model.config.hiddenSize };
}

function failuresOf(
  what: ReportedFailure['what'],
  candidates: readonly NamedCandidate[],
  failed: ReadonlyMap<string, AppErrorDetails>,
): ReportedFailure[] {
  return candidates.flatMap(({ candidate, name }) => {
    const error = failed.get(candidateId(candidate));
    return error ? [{ name, what, error }] : [];
  });
}

/** Evaluates the models of a file and returns the facts of their comparison. */
export async function runEvaluation(
  routes: JobRoutes,
  job: EvaluateJob,
  sender: EventSender,
): Promise<{ facts: ReportFacts; metrics: object }> {
  const file = parseEvaluationFile(job.evaluation);
  const { reader, models, experiment } = await readInputs(routes, job, file, sender);
  const { titles, recognised, leftOut } = reader;
  for (const note of dataNotes({ titles, recognised, leftOut, experiment })) sender.send('progress', { note });
  const decisions = await readLabelDecisions(routes, job);
  const candidates = candidatesOf(file, models);
  const experimentId = await dataExperimentId(job.name, experiment);
  const failed = await evaluateCandidates({ experimentId, part: file.part, candidates }, job, sender);
  const inForce = await useLabelDecisions(experimentId, decisions, sender);
  const unused = await noteLabelDecisions({ experimentId, part: file.part }, inForce, sender);
  const done = candidates.filter(({ candidate }) => !failed.has(candidateId(candidate)));
  const pairsFailed = entryOf(experiment, 'scoredPairs')
    ? await scorePairs({ experimentId, candidates: done }, job, sender)
    : new Map<string, AppErrorDetails>();
  const [first] = done;
  if (!first) throw new AppError([...failed.values()][0] ?? { kind: 'model-missing' });
  const baseline = done.find(({ name }) => name === file.baseline) ?? first;
  const asked = { probe: file.probe, data: experiment.data, candidates: done, baseline, k: file.k };
  const probe = await evaluateProbe(routes, job, asked, sender);
  const failures = [
    ...failuresOf('questions', candidates, failed),
    ...failuresOf('pairs', candidates, pairsFailed),
    ...failuresOf('probe', candidates, probe?.failed ?? new Map()),
  ];
  for (const { name, what, error } of failures)
    sender.send('progress', { finding: `${name} (${what}): ${errorSentence(error, 'en')}` });
  const compared = await comparisonFacts({
    ...{ experimentId, name: job.name, part: file.part, k: file.k },
    ...{ baselineId: candidateId(baseline.candidate), models: done.map(labelOf), failures },
  });
  const facts = { ...compared, extras: { ...compared.extras, probeTable: probe?.table ?? null } };
  const device = done.some(({ model }) => model) ? await (await gateway.gpu()).describeDevice(job.device) : null;
  const environment = { build: __BUILD__, browser: navigator.userAgent, devicePreference: job.device, device };
  const labelDecisions = { ...labelMetrics(facts), ...unused };
  const metrics = {
    ...comparisonMetrics(facts),
    labelDecisions,
    ...(probe ? { probe: probe.metrics } : {}),
    data: experiment.data,
    leftOutRows: leftOut,
    environment,
  };
  return { facts, metrics };
}
