import { canonicalJson } from '../../../src/domain/canonicalJson';
import { candidateId, type Candidate, type DenseCandidate } from '../../../src/domain/evaluate/candidate';
import { usualModelSettings } from '../../../src/domain/evaluate/candidateSettings';
import { AppError } from '../../../src/domain/errors';
import type { Experiment, ExperimentModel, Stage } from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import type { RunRecord } from '../../../src/domain/run';
import { withPrefixRows } from '../../../src/domain/train/prefix';
import type { CandidateOption } from '../../../src/protocol/compareApi';
import { readableWeights, runCheckpoints } from '../../../src/storage/checkpoints';
import type { Database } from '../../../src/storage/database';
import { listExperiments } from '../../../src/storage/experiments';
import { getModel, listModels } from '../../../src/storage/models';
import { getRun, listRuns } from '../../../src/storage/runs';
import type { CheckpointManifest } from '../../../src/storage/schema';
import type { StoredWeights } from '../../../src/storage/weightReader';
import { storedExperiment } from '../train/storedExperiment';

/** Returns a base model's settings: the experiment's if it is the experiment's model, else the usual ones. */
function settingsOf(model: StoredModel, experiment: Experiment): ExperimentModel {
  return experiment.model?.contentSha256 === model.contentSha256 ? experiment.model : usualModelSettings(model);
}

/** Whether the runs of two experiments hold out the same questions. */
const sameData = (a: Experiment, b: Experiment): boolean =>
  canonicalJson([a.data, a.split, a.seed]) === canonicalJson([b.data, b.split, b.seed]);

/**
 * Lists the candidates for comparison on an experiment's data: every stored base model, the experiment's own first; the
 * weights of finished runs, including those of other experiments with the same data and split; and the keyword search.
 */
export async function listCandidates(db: Database, experimentId: string): Promise<CandidateOption[]> {
  const experiment = await storedExperiment(db, experimentId);
  const own = experiment.model?.contentSha256;
  const models = await listModels(db);
  // A model under its former identity is listed only if the experiment refers to it by that identity.
  const former = own !== undefined && !models.some(({ contentSha256 }) => contentSha256 === own);
  const named = former ? await getModel(db, own) : undefined;
  const bases = [...(named ? [named] : []), ...models.filter(({ contentSha256 }) => contentSha256 !== named?.aliasOf)];
  bases.sort((a, b) => Number(b.contentSha256 === own) - Number(a.contentSha256 === own) || a.createdAt - b.createdAt);
  const options = bases.map((model): CandidateOption => {
    const settings = settingsOf(model, experiment);
    const ownBase = model.contentSha256 === own;
    return optionOf({ kind: 'base', model: settings }, { model, settings, ownBase, run: null });
  });
  for (const stored of await listExperiments(db)) {
    const isOwn = stored.experimentId === experimentId;
    for (const run of await listRuns(db, stored.experimentId))
      if (run.status === 'done' && run.trial !== true && (isOwn || sameData(run.experiment, experiment)))
        options.push(...(await optionsOfRun(db, run, isOwn ? null : stored.name)));
  }
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

/** Lists the weights that a run keeps, and its last ones if they differ. Lists none if they have been deleted. */
async function optionsOfRun(db: Database, run: RunRecord, experiment: string | null): Promise<CandidateOption[]> {
  const settings = run.experiment.model;
  const model = settings && (await getModel(db, settings.contentSha256));
  const checkpoints = await runCheckpoints(db, run.runId).catch(() => null);
  if (!settings || !model || !checkpoints) return [];
  const { kept, last } = checkpoints;
  const which = kept.step === last.step ? (['kept'] as const) : (['kept', 'last'] as const);
  return which.map((weights) => {
    const { step } = checkpoints[weights];
    const best = weights === 'kept' && run.experiment.evaluation.checkpoint === 'bestDev';
    const about = { createdAt: run.createdAt, step, steps: run.steps, best, experiment };
    const candidate = { kind: 'run' as const, runId: run.runId, weights };
    return optionOf(candidate, { model, settings, ownBase: false, run: about });
  });
}

/** A model that is ready to be loaded. */
export interface OpenCandidate {
  model: StoredModel;
  settings: ExperimentModel;
  weights: StoredWeights;
  /** SHA-256 that identifies the weights. */
  weightsSha256: string;
  /** The stages that trained the weights. If they trained a prefix, it comes before the texts. */
  stages: readonly Stage[];
}

/** Finds the model and the weights of a candidate. Throws `model-missing` or `not-found` if they were deleted. */
export async function openCandidate(db: Database, candidate: DenseCandidate): Promise<OpenCandidate> {
  if (candidate.kind === 'base') {
    const { model: settings } = candidate;
    const model = await storedModel(db, settings.contentSha256);
    return { model, settings, weights: model, weightsSha256: model.contentSha256, stages: [] };
  }
  const run = await getRun(db, candidate.runId);
  if (!run) throw new AppError({ kind: 'not-found', what: 'run', id: candidate.runId });
  const settings = run.experiment.model;
  if (!settings) throw new AppError({ kind: 'model-missing' });
  const { stages } = run.experiment;
  const model = withPrefixRows(await storedModel(db, settings.contentSha256), stages);
  const checkpoint: CheckpointManifest = (await runCheckpoints(db, candidate.runId))[candidate.weights];
  const weights = await readableWeights(db, checkpoint);
  return { model, settings, weights, weightsSha256: checkpoint.sha256, stages };
}

async function storedModel(db: Database, contentSha256: string): Promise<StoredModel> {
  const model = await getModel(db, contentSha256);
  if (!model) throw new AppError({ kind: 'model-missing', contentSha256 });
  return model;
}
