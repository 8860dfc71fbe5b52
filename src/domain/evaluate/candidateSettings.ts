import { experimentModelOf, type ExperimentModel } from '../experiment';
import type { StoredModel } from '../model';
import { catalogued } from '../modelCatalogue';

/** Returns how a base model is compared: as its folder states, else as the catalogue does. */
export function usualModelSettings(
  model: Pick<StoredModel, 'contentSha256' | 'defaults' | 'name' | 'hub'>,
): ExperimentModel {
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
