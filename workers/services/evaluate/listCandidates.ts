import { bestBlend, blendRefusal } from '../../../src/domain/evaluate/blend';
import { candidateId, denseOf, type Candidate, type DenseCandidate } from '../../../src/domain/evaluate/candidate';
import { usualModelSettings } from '../../../src/domain/evaluate/candidateSettings';
import type { Experiment, ExperimentModel } from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import { onnxBytes, onnxName, type OnnxModel } from '../../../src/domain/onnxModel';
import type { RunRecord } from '../../../src/domain/run';
import { blendOption, type CandidateOption } from '../../../src/protocol/compareApi';
import { runCheckpoints } from '../../../src/storage/checkpoints';
import { listPairScores } from '../../../src/storage/comparisons';
import type { Database } from '../../../src/storage/database';
import { listBlends } from '../../../src/storage/evaluations';
import { getModel, listModels } from '../../../src/storage/models';
import { listOnnxModels } from '../../../src/storage/onnxModels';
import { storedExperiment } from '../train/storedExperiment';
import { comparedCandidates } from './comparedPart';
import { offeredRuns } from './offeredRuns';

/** Returns how a base model is used: as the experiment says if it is the experiment's, else as is usual. */
function settingsOf(model: StoredModel, experiment: Experiment): ExperimentModel {
  return experiment.model?.contentSha256 === model.contentSha256 ? experiment.model : usualModelSettings(model);
}

/**
 * Lists what can be compared on an experiment's data: every stored base model, the experiment's own first; the weights
 * of finished runs and their blends, also of other experiments with the same data and split; the models that
 * transformers.js runs; and the keyword search.
 */
export async function listCandidates(db: Database, experimentId: string): Promise<CandidateOption[]> {
  const experiment = await storedExperiment(db, experimentId);
  const own = experiment.model?.contentSha256;
  const models = await listModels(db);
  // A model under its former identity is listed only if the experiment refers to it by that.
  const former = own !== undefined && !models.some(({ contentSha256 }) => contentSha256 === own);
  const named = former ? await getModel(db, own) : undefined;
  const bases = [...(named ? [named] : []), ...models.filter(({ contentSha256 }) => contentSha256 !== named?.aliasOf)];
  bases.sort((a, b) => Number(b.contentSha256 === own) - Number(a.contentSha256 === own) || a.createdAt - b.createdAt);
  const options = bases.map((model): CandidateOption => {
    const settings = settingsOf(model, experiment);
    const ownBase = model.contentSha256 === own;
    return optionOf({ kind: 'base', model: settings }, { model, settings, ownBase, run: null });
  });
  const scoredPairs = (await listPairScores(db, experimentId)).map(({ candidate }) => candidate);
  const ratios = ratiosByRun([...(await comparedCandidates(db, experimentId)), ...scoredPairs]);
  for (const { run, other } of await offeredRuns(db, experimentId, experiment))
    options.push(...(await optionsOfRun(db, run, other, ratios.get(run.runId) ?? [])));
  for (const onnx of await listOnnxModels(db)) options.push(optionOfOnnx(onnx));
  const keywords: Candidate = { kind: 'keywords' };
  const rest = { name: '', settings: null, bytes: 0, dimension: 0, ownBase: false, run: null };
  return [...options, { id: candidateId(keywords), candidate: keywords, ...rest }];
}

function optionOf(
  candidate: DenseCandidate,
  {
    model,
    settings,
    ownBase,
    run,
  }: { model: StoredModel; settings: ExperimentModel } & Pick<CandidateOption, 'ownBase' | 'run'>,
): CandidateOption {
  const { name, totalFloats, config } = model;
  const sizes = { bytes: totalFloats * 4, dimension: config.hiddenSize };
  return { id: candidateId(candidate), candidate, name, settings, ...sizes, ownBase, run };
}

function optionOfOnnx(onnx: OnnxModel): CandidateOption {
  const settings = usualModelSettings(onnx);
  const candidate = { kind: 'onnx' as const, model: settings };
  const sizes = { bytes: onnxBytes(onnx), dimension: onnx.dimension };
  return { id: candidateId(candidate), candidate, name: onnxName(onnx), settings, ...sizes, ownBase: false, run: null };
}

/** Returns the ratios of the blends among candidates, by run. */
function ratiosByRun(candidates: readonly Candidate[]): Map<string, number[]> {
  const ratios = new Map<string, number[]>();
  for (const candidate of candidates) {
    const dense = denseOf(candidate);
    if (dense?.kind === 'blend') ratios.set(dense.runId, [...(ratios.get(dense.runId) ?? []), dense.ratio]);
  }
  return ratios;
}

/**
 * Returns the ratios of the blends of a run to list, ascending: the one that does best on dev among those that were
 * evaluated, unless it is an end, and those that were `compared`.
 */
async function listedRatios(db: Database, run: RunRecord, compared: readonly number[]): Promise<number[]> {
  if (blendRefusal(run)) return [];
  const best = bestBlend(await listBlends(db, run.runId, 'dev'), run.experiment.evaluation.primary)?.ratio ?? 1;
  const inside = [best, ...compared].filter((ratio) => ratio > 0 && ratio < 1);
  return [...new Set(inside)].sort((a, b) => a - b);
}

/**
 * Lists the weights that a run keeps, its last ones if they are others, and blends. Lists none if the weights are gone.
 */
async function optionsOfRun(
  db: Database,
  run: RunRecord,
  experiment: string | null,
  compared: readonly number[],
): Promise<CandidateOption[]> {
  const settings = run.experiment.model;
  const model = settings && (await getModel(db, settings.contentSha256));
  const checkpoints = await runCheckpoints(db, run.runId).catch(() => null);
  if (!settings || !model || !checkpoints) return [];
  const { kept, last } = checkpoints;
  const which = kept.step === last.step ? (['kept'] as const) : (['kept', 'last'] as const);
  const ofWeights = which.map((weights) => {
    const { step } = checkpoints[weights];
    const best = weights === 'kept' && run.experiment.evaluation.checkpoint === 'bestDev';
    const canBlend = blendRefusal(run) === null;
    const about = { createdAt: run.createdAt, step, steps: run.steps, best, experiment, canBlend };
    const candidate = { kind: 'run' as const, runId: run.runId, weights };
    return optionOf(candidate, { model, settings, ownBase: false, run: about });
  });
  const [first] = ofWeights;
  const ratios = await listedRatios(db, run, compared);
  return [...ofWeights, ...(first ? ratios.map((ratio) => blendOption(first, run.runId, ratio)) : [])];
}
