import type { ExperimentModel, Stage } from '../experiment';
import { isObject } from '../isObject';

/** Models that a stage may name beside the base model, by their names in `locations` of an experiment file. */
export const stageModelSlots = ['negativesModel', 'guideModel', 'teacherModel'] as const;
export type StageModelSlot = (typeof stageModelSlots)[number];

/** Path of each of these models in a stage. */
export const stageModelPaths: Record<StageModelSlot, readonly string[]> = {
  negativesModel: ['negatives', 'model'],
  guideModel: ['loss', 'falseNegatives', 'byScore', 'model'],
  teacherModel: ['loss', 'teacher'],
};

/** Returns the frozen model whose scores mask false negatives; undefined if the trained model's own scores decide. */
export function guideOf({ loss }: Pick<Stage, 'loss'>): ExperimentModel | undefined {
  return loss.kind === 'inBatchInfoNce' ? loss.falseNegatives?.byScore?.model : undefined;
}

/** Returns the frozen model whose scores a stage distils; undefined if it distils none, or none has been chosen yet. */
export function teacherOf({ loss }: Pick<Stage, 'loss'>): ExperimentModel | undefined {
  return loss.kind === 'distillation' ? loss.teacher : undefined;
}

/** Returns the model that encodes a stage's texts once before the run: its guide or its teacher. */
export function frozenModelOf(stage: Pick<Stage, 'loss'>): ExperimentModel | undefined {
  return guideOf(stage) ?? teacherOf(stage);
}

/** Returns the models that a stage names in addition to the base model. */
export function stageModels({ loss, negatives }: Pick<Stage, 'loss' | 'negatives'>): {
  slot: StageModelSlot;
  model: ExperimentModel;
}[] {
  const miner = negatives?.from === 'mined' ? negatives.model : undefined;
  const [guide, teacher] = [guideOf({ loss }), teacherOf({ loss })];
  return [
    ...(miner ? [{ slot: 'negativesModel' as const, model: miner }] : []),
    ...(guide ? [{ slot: 'guideModel' as const, model: guide }] : []),
    ...(teacher ? [{ slot: 'teacherModel' as const, model: teacher }] : []),
  ];
}

/** Returns the object at a path of a stage that has not been validated yet; undefined if there is none. */
export function objectAt(stage: unknown, path: readonly string[]): Record<string, unknown> | undefined {
  const found = path.reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), stage);
  return isObject(found) ? found : undefined;
}

/**
 * Returns a stage with a new value at a path; `undefined` removes the field. Returns the stage unchanged if it lacks an
 * object on the path.
 */
export function withValueAt(stage: unknown, path: readonly string[], value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  if (!isObject(stage)) return stage;
  const changed = rest.length === 0 ? value : withValueAt(stage[name], rest, value);
  if (changed !== undefined) return { ...stage, [name]: changed };
  const { [name]: _, ...others } = stage;
  return others;
}
