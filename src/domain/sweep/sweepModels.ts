import { isObject } from '../isObject';
import { objectAt, stageModelPaths, stageModelSlots, withValueAt, type StageModelSlot } from '../train/stageModels';

type MapModel = (model: object, slot: StageModelSlot, path: string) => unknown;

/**
 * Returns a file's sweep with every model other than the base model replaced by `map`. Leaves everything else as it is,
 * valid or not; `parseAxes` validates the result.
 */
export function mapSweepModels(given: unknown, map: MapModel): unknown {
  if (!Array.isArray(given)) return given;
  return given.map((axis: unknown, i) => {
    if (!isObject(axis) || !Array.isArray(axis['values'])) return axis;
    const values = axis['values'].map((value: unknown, j) => {
      const place = `sweep.${i}.values.${j}`;
      if (axis['setting'] === 'negatives') return withModel(value, ['model'], 'negativesModel', place, map);
      return axis['setting'] === 'stages' && Array.isArray(value)
        ? value.map((stage: unknown, k) => withStageModels(stage, `${place}.${k}`, map))
        : value;
    });
    return { ...axis, values };
  });
}

function withStageModels(stage: unknown, place: string, map: MapModel): unknown {
  return stageModelSlots.reduce((rest, slot) => withModel(rest, stageModelPaths[slot], slot, place, map), stage);
}

function withModel(
  value: unknown,
  path: readonly string[],
  slot: StageModelSlot,
  place: string,
  map: MapModel,
): unknown {
  const model = objectAt(value, path);
  return model ? withValueAt(value, path, map(model, slot, `${place}.${path.join('.')}`)) : value;
}
