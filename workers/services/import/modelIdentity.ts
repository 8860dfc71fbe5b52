import { canonicalJson } from '../../../src/domain/canonicalJson';
import { sha256Hex } from '../../../src/domain/hash';
import type { StoredModel } from '../../../src/domain/model';
import type { Database } from '../../../src/storage/database';
import { getModel } from '../../../src/storage/models';
import { parseModelJson } from './parseModelJson';

/** Fields of tokenizer_config.json that change token ids, with the values that apply if the fields are missing. */
const tokenizerDefaults: Record<string, unknown> = {
  do_lower_case: true,
  tokenize_chinese_chars: true,
  strip_accents: null,
  remove_space: false,
  do_lowercase_and_remove_accent: false,
  eos_token: '</s>',
};

const settingDefaults = { pooling: 'mean', normalize: true, queryPrefix: '', passagePrefix: '' } as const;

type Described = Pick<StoredModel, 'files' | 'defaults'>;

/**
 * Returns the folder's settings that affect vectors, besides config.json, tokenizer.json and the weights. Leaves out
 * settings with their default value.
 */
function unusualSettings({ files, defaults }: Described): Record<string, unknown> {
  const unusual: Record<string, unknown> = {};
  for (const key of ['pooling', 'normalize', 'queryPrefix', 'passagePrefix'] as const)
    if (defaults[key].value !== settingDefaults[key]) unusual[key] = defaults[key].value;
  const text = files['tokenizer_config.json'];
  const config = text === undefined ? {} : parseModelJson('tokenizer_config.json', text);
  for (const [key, standard] of Object.entries(tokenizerDefaults)) {
    const value = config[key] ?? standard;
    if (JSON.stringify(value) !== JSON.stringify(standard)) unusual[key] = value;
  }
  return unusual;
}

/** Returns the identity that covers all settings. It is `base` if all of them have their default value. */
export async function fullIdentity(base: string, model: Described): Promise<string> {
  const unusual = canonicalJson(unusualSettings(model));
  return unusual === '{}' ? base : sha256Hex(canonicalJson({ base, settings: unusual }));
}

/** Returns the unusual settings as canonical JSON, or undefined if parts of the stored record are missing. */
function storedSettings(stored: Partial<Described>): string | undefined {
  const { files, defaults } = stored;
  if (!files || !defaults) return undefined;
  try {
    return canonicalJson(unusualSettings({ files, defaults }));
  } catch {
    return undefined;
  }
}

/**
 * Returns the identity of a model. If all settings have their default value, it is `base`, the hash of config.json,
 * tokenizer.json and the weights; otherwise it is a hash of `base` and the unusual settings. Earlier versions used
 * `base` for every model. A model that they stored with the same settings keeps it, because experiments refer to it.
 * The length limit is not part of the identity: each experiment states its own.
 */
export async function modelIdentity(db: Database, base: string, model: Described): Promise<string> {
  const unusual = canonicalJson(unusualSettings(model));
  const known = await getModel(db, base);
  const stored = known && known.aliasOf === undefined ? storedSettings(known) : undefined;
  if (unusual === (stored ?? '{}')) return base;
  return sha256Hex(canonicalJson({ base, settings: unusual }));
}
