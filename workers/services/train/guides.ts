import { canonicalJson } from '../../../src/domain/canonicalJson';
import { AppError } from '../../../src/domain/errors';
import type { Experiment, ExperimentModel, Stage } from '../../../src/domain/experiment';
import type { Negatives } from '../../../src/domain/train/negativesSchema';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import { frozenModelOf, guideOf, teacherOf } from '../../../src/domain/train/stageModels';
import type { Database } from '../../../src/storage/database';
import { getModel } from '../../../src/storage/models';
import type { GuideShape } from '../../engine/memory/guideMemory';
import { releaseIdleMemory } from '../../engine/releaseIdleMemory';
import { pickedVectors } from '../../engine/retrieval/vectors';
import { EncodedTexts } from '../evaluate/encodedTexts';
import { encodeTexts, pickTexts, type EncoderForTexts } from '../evaluate/encodeTexts';
import { tokenizedNegatives, type StageNegatives } from '../negatives/stageNegatives';
import { tokenize } from '../tokenize/tokenize';
import { between } from './evaluateRun';
import { modelOfExperiment } from './modelOfExperiment';
import { firstStageToTrain } from './firstStageToTrain';
import type { RunSession, RunSessionOnDevice } from './runSession';
import type { FrozenTargets, StageGuide } from './stageGuide';
import { scoresByTeacher, scoresOfData } from './teacherScores';
import { storedTokenSets, type RunTokens } from './runTokens';
import { loadWeights } from './weightTransfer';

/** Returns a guide's token sets. Creates missing ones with the guide's own tokenizer. */
async function guideTokenSets(db: Database, experiment: Experiment, guide: ExperimentModel): Promise<RunTokens> {
  return storedTokenSets(db, await tokenize(db, experiment, () => undefined, guide));
}

/** Returns the guide or teacher of a stage, or undefined. Throws if it is not stored. */
async function storedFrozenModel(db: Database, stage: Stage, index: number): Promise<ExperimentModel | undefined> {
  const model = frozenModelOf(stage);
  if (!model || (await getModel(db, model.contentSha256))) return model;
  const kind = teacherOf(stage) ? 'teacher-missing' : 'guide-missing';
  throw new AppError({ kind, stage: index, contentSha256: model.contentSha256 });
}

/**
 * Returns the facts about each stage's guide or teacher that the memory plan needs; undefined for stages without
 * either. @throws guide-missing or teacher-missing if it is not stored.
 */
export async function guideShapes(
  db: Database,
  experiment: Experiment,
  negatives: readonly (StageNegatives | null)[],
): Promise<(GuideShape | undefined)[]> {
  const shapes: (GuideShape | undefined)[] = [];
  for (const [stage, settings] of experiment.stages.entries()) {
    const guide = await storedFrozenModel(db, settings, stage);
    shapes.push(guide && (await shapeOf(db, experiment, guide, negatives[stage] ?? null)));
  }
  return shapes;
}

async function shapeOf(
  db: Database,
  experiment: Experiment,
  guide: ExperimentModel,
  negatives: StageNegatives | null,
): Promise<GuideShape> {
  const { model } = await modelOfExperiment(db, { model: guide });
  const tokens = await guideTokenSets(db, experiment, guide);
  const [own] = tokenizedNegatives([negatives], () => tokens);
  const longest = [tokens.anchors, tokens.positives, ...(own ? [own.tokens] : [])].reduce(
    (most, { offsets }) =>
      offsets.reduce((longer, offset, i) => Math.max(longer, offset - (offsets[i - 1] ?? 0)), most),
    0,
  );
  return { config: model.config, longest };
}

/**
 * Returns the targets that guides and teachers give to the stages still to be trained. Both are frozen models and are
 * called guides here. Encodes the texts of these stages once for the whole run. Loads one model at a time, and leaves
 * none on the device. Skips vectors that the session already holds, and keeps only the scores of teachers. @throws
 * guide-missing or teacher-missing if one that is needed was deleted after the run was created.
 */
export async function frozenTargets(
  session: RunSessionOnDevice,
  batches: readonly (readonly number[][])[],
): Promise<{ firstStage: number; frozen: (FrozenTargets | undefined)[] }> {
  const { db, experiment, record, guideVectors } = session;
  const firstStage = await firstStageToTrain(db, record.runId, batches);
  const frozen: (FrozenTargets | undefined)[] = [];
  for (const stage of experiment.stages.keys())
    frozen.push(stage < firstStage ? undefined : await targetsOfStage(session, stage));
  const guides = experiment.stages.flatMap((stage) => guideOf(stage) ?? []).map((guide) => keyOf(guide, ''));
  for (const key of guideVectors.keys()) if (!guides.some((guide) => key.startsWith(guide))) guideVectors.delete(key);
  return { firstStage, frozen };
}

async function targetsOfStage(session: RunSessionOnDevice, stage: number): Promise<FrozenTargets | undefined> {
  const { db, experiment, data, teacherScores } = session;
  const settings = experiment.stages[stage];
  const negatives = session.negatives[stage];
  if (!settings) return undefined;
  const scores = teacherScores.get(stage) ?? scoresOfData(experiment, stage, data.pairs, negatives);
  if (scores) return { teacherScores: scores };
  const model = await storedFrozenModel(db, settings, stage);
  if (!model) return undefined;
  const guide = await encodeStage(session, stage, model);
  if (!teacherOf(settings) || !negatives) return { guide };
  const found = await scoresByTeacher(guide, negatives, between(session, 'encodeGuide', `scores ${stage}`));
  teacherScores.set(stage, found);
  return { teacherScores: found };
}

const keyOf = (guide: ExperimentModel, texts: string): string => `${canonicalJson(guide)} ${texts}`;

async function encodeStage(session: RunSessionOnDevice, stage: number, guide: ExperimentModel): Promise<StageGuide> {
  const tokens = await guideTokenSets(session.db, session.experiment, guide);
  const [negatives] = tokenizedNegatives([session.negatives[stage] ?? null], () => tokens);
  const chosen = negatives ? chosenWith(session, guide, negatives.from) : [];
  const pool = `negatives of ${negatives?.from === 'imported' ? 'pairs' : 'passages'}`;
  const sets = {
    anchors: tokens.anchors,
    positives: tokens.positives,
    ...(negatives ? { [pool]: pickTexts(negatives.tokens, chosen) } : {}),
  };
  const keyed = Object.entries(sets).map(([texts, set]) => ({ key: keyOf(guide, texts), set }));
  await encodeSets(session, guide, keyed);
  const found = (texts: string): EncodedTexts => {
    const vectors = session.guideVectors.get(keyOf(guide, texts));
    if (!vectors) throw new RangeError(`the guide has not encoded the ${texts}`);
    return vectors;
  };
  const placeOf = new Map(chosen.map((text, place) => [text, place]));
  return {
    anchors: found('anchors'),
    positives: found('positives'),
    negatives: negatives ? pickedVectors(found(pool), negatives.pool.length, (text) => placeOf.get(text) ?? 0) : null,
  };
}

/**
 * Returns the chosen texts of all stages that have this guide and take their negatives from the same pool, which is
 * that of the pairs or the passages. A text is thus encoded only once, and in the same batches whichever stage comes
 * first.
 */
function chosenWith({ experiment, negatives }: RunSession, guide: ExperimentModel, from: Negatives['from']): number[] {
  const model = canonicalJson(guide);
  const texts = new Set<number>();
  for (const [stage, settings] of experiment.stages.entries()) {
    const own = negatives[stage];
    const other = frozenModelOf(settings);
    if (!own || !other || canonicalJson(other) !== model) continue;
    if ((own.from === 'imported') === (from === 'imported')) for (const text of own.chosen) texts.add(text);
  }
  return [...texts];
}

/** Encodes token sets with a guide. Loads its weights only if a vector is missing. GPU→CPU sync. */
async function encodeSets(
  session: RunSessionOnDevice,
  guide: ExperimentModel,
  sets: readonly { key: string; set: Pick<TokenSet, 'ids' | 'offsets'> }[],
): Promise<void> {
  const { db, engine, record, guideVectors } = session;
  const { model, settings } = await modelOfExperiment(db, { model: guide });
  const missing = sets.filter(({ key, set }) => guideVectors.get(key)?.done !== set.offsets.length - 1);
  if (missing.length === 0) return;
  const parameters = await loadWeights(engine, db, model, model, (done, of) => session.log.progress('load', done, of));
  try {
    const { config } = model;
    const maxBatchTokens = record.memory?.guideTokens;
    const encoder: EncoderForTexts = { parameters, config, pooling: settings.pooling, maxBatchTokens };
    for (const { key, set } of missing) {
      const vectors = guideVectors.get(key) ?? new EncodedTexts(set.offsets.length - 1, config.hiddenSize);
      guideVectors.set(key, vectors);
      await encodeTexts(encoder, set, between(session, 'encodeGuide', key), vectors);
    }
  } finally {
    parameters.dispose();
    releaseIdleMemory(engine);
  }
}
