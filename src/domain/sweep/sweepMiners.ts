import { isObject } from '../isObject';

/**
 * Returns a file's sweep with another object for each model that mines negatives in its values. Leaves everything else
 * as it is, valid or not; `parseAxes` validates the result.
 */
export function mapMiners(given: unknown, map: (model: object, path: string) => unknown): unknown {
  if (!Array.isArray(given)) return given;
  return given.map((axis: unknown, i) => {
    if (!isObject(axis) || !Array.isArray(axis['values'])) return axis;
    const values = axis['values'].map((value: unknown, j) => {
      const place = `sweep.${i}.values.${j}`;
      if (axis['setting'] === 'negatives') return withMiner(value, `${place}.model`, map);
      return axis['setting'] === 'stages' && Array.isArray(value)
        ? value.map((stage: unknown, k) => ofStage(stage, `${place}.${k}.negatives.model`, map))
        : value;
    });
    return { ...axis, values };
  });
}

function ofStage(stage: unknown, path: string, map: (model: object, path: string) => unknown): unknown {
  if (!isObject(stage) || stage['negatives'] === undefined) return stage;
  return { ...stage, negatives: withMiner(stage['negatives'], path, map) };
}

function withMiner(negatives: unknown, path: string, map: (model: object, path: string) => unknown): unknown {
  if (!isObject(negatives) || !isObject(negatives['model'])) return negatives;
  return { ...negatives, model: map(negatives['model'], path) };
}
