import { isObject } from '../isObject';
import { objectAt, stageModelPaths, stageModelSlots, withValueAt, type StageModelSlot } from '../train/stageModels';

/** Returns what takes the place of a model that a value of a sweep names. */
type MapModel = (model: Record<string, unknown>, slot: StageModelSlot, path: string) => unknown;

/**
 * Returns a file's sweep with another object for each model that its values name. Leaves everything else as it is,
 * valid or not; `parseAxes` validates the result.
 */
export function mapSweptModels(given: unknown, map: MapModel): unknown {
  if (!Array.isArray(given)) return given;
  return given.map((axis: unknown, i) => {
    if (!isObject(axis) || !Array.isArray(axis['values'])) return axis;
    const values = axis['values'].map((value: unknown, j) => {
      const place = `sweep.${i}.values.${j}`;
      if (axis['setting'] === 'negatives') return withModel(value, ['model'], 'negativesModel', place, map);
      return axis['setting'] === 'stages' && Array.isArray(value)
        ? value.map((stage: unknown, k) => ofStage(stage, `${place}.${k}`, map))
        : value;
    });
    return { ...axis, values };
  });
}

function ofStage(given: unknown, place: string, map: MapModel): unknown {
  return stageModelSlots.reduce((stage, slot) => withModel(stage, stageModelPaths[slot], slot, place, map), given);
}

function withModel(
  holder: unknown,
  path: readonly string[],
  slot: StageModelSlot,
  place: string,
  map: MapModel,
): unknown {
  const model = objectAt(holder, path);
  return model ? withValueAt(holder, path, map(model, slot, [place, ...path].join('.'))) : holder;
}
