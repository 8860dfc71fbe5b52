import { experimentModelOf, type ExperimentModel } from '../experiment';
import type { StoredModel } from '../model';
import { catalogued } from '../modelCatalogue';

/** Returns a base model's settings for comparisons: from its folder, else from the catalogue. */
export function usualModelSettings(model: StoredModel): ExperimentModel {
  const settings = experimentModelOf(model);
  const entry = catalogued(model.hub?.id ?? model.name);
  if (!entry) return settings;
  const { pooling, queryPrefix, passagePrefix } = model.defaults;
  return {
    ...settings,
    ...(pooling.guessed ? { pooling: entry.pooling } : {}),
    ...(queryPrefix.guessed ? { queryPrefix: entry.queryPrefix } : {}),
    ...(passagePrefix.guessed ? { passagePrefix: entry.passagePrefix } : {}),
  };
}
