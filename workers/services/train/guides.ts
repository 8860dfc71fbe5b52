import { canonicalJson } from '../../../src/domain/canonicalJson';
import { AppError } from '../../../src/domain/errors';
import type { Experiment, ExperimentModel, Stage } from '../../../src/domain/experiment';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import { frozenModelOf, teacherOf } from '../../../src/domain/train/stageModels';
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
import type { RunSessionOnDevice } from './runSession';
import type { StageGuide } from './stageGuide';
import { storedTokenSets, type RunTokens } from './runTokens';
import { loadWeights } from './weightTransfer';

/** Returns a guide's token sets. Creates missing ones, by the guide's own tokenizer. */
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
 * Returns what the memory plan needs to know about each stage's guide or teacher; undefined for stages without either.
 * @throws guide-missing or teacher-missing if it is not stored.
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
 * Encodes the texts of every stage that has a guide or a teacher, once for the whole run: both are frozen, and are
 * called guides here. Loads one at a time, and leaves none on the device. Skips what `session.guideVectors` already
 * holds.
 * @throws guide-missing or teacher-missing if one was deleted after the run was created.
 */
export async function encodeGuides(session: RunSessionOnDevice): Promise<(StageGuide | undefined)[]> {
  const { db, experiment } = session;
  const guides: (StageGuide | undefined)[] = [];
  for (const [stage, settings] of experiment.stages.entries()) {
    const guide = await storedFrozenModel(db, settings, stage);
    guides.push(guide && (await encodeStage(session, stage, guide, await guideTokenSets(db, experiment, guide))));
  }
  return guides;
}

async function encodeStage(
  session: RunSessionOnDevice,
  stage: number,
  guide: ExperimentModel,
  tokens: RunTokens,
): Promise<StageGuide> {
  const [negatives] = tokenizedNegatives([session.negatives[stage] ?? null], () => tokens);
  const chosen = [...new Set(negatives?.chosen)];
  const sets = {
    anchors: tokens.anchors,
    positives: tokens.positives,
    ...(negatives ? { negatives: pickTexts(negatives.tokens, chosen) } : {}),
  };
  const model = canonicalJson(guide);
  const keyOf = (texts: string): string => (texts === 'negatives' ? `${model} ${texts} ${stage}` : `${model} ${texts}`);
  await encodeSets(
    session,
    guide,
    Object.entries(sets).map(([texts, set]) => ({ key: keyOf(texts), set })),
  );
  const found = (texts: string): EncodedTexts => {
    const vectors = session.guideVectors.get(keyOf(texts));
    if (!vectors) throw new RangeError(`the guide has not encoded the ${texts}`);
    return vectors;
  };
  const placeOf = new Map(chosen.map((text, place) => [text, place]));
  return {
    anchors: found('anchors'),
    positives: found('positives'),
    negatives: negatives
      ? pickedVectors(found('negatives'), negatives.pool.length, (text) => placeOf.get(text) ?? 0)
      : null,
  };
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
