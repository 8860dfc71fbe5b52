import type { Experiment } from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import { parseForeignJson } from '../../../src/domain/foreignJson';
import { isObject } from '../../../src/domain/isObject';
import type { Database } from '../../../src/storage/database';
import { getModel } from '../../../src/storage/models';
import { modelJson } from './modelJson';

/** Maximum depth of nested normalizers. A sequence may contain another one; genuine files nest once. */
const maxDepth = 8;

/** Returns whether the normalizer of a tokenizer.json folds case, or null if it does not specify this. */
function normalizerFolds(normalizer: unknown, depth = 0): boolean | null {
  if (!isObject(normalizer) || depth > maxDepth) return null;
  const { type, lowercase, normalizers } = normalizer;
  if (type === 'Lowercase') return true;
  if (type === 'BertNormalizer') return typeof lowercase === 'boolean' ? lowercase : null;
  if (type !== 'Sequence' || !Array.isArray(normalizers)) return null;
  const answers = normalizers.map((inner: unknown) => normalizerFolds(inner, depth + 1));
  return answers.includes(true) || (answers.includes(false) ? false : null);
}

/**
 * Whether a tokenizer gives upper and lower case the same tokens. Its normalizer decides; `do_lower_case` of
 * tokenizer_config.json counts only if the normalizer does not specify this.
 */
export function tokenizerFoldsCase(tokenizer: unknown, config: unknown): boolean {
  const { do_lower_case, do_lowercase_and_remove_accent } = isObject(config) ? config : {};
  if (do_lowercase_and_remove_accent === true) return true;
  const folds = isObject(tokenizer) ? normalizerFolds(tokenizer['normalizer']) : null;
  return folds ?? do_lower_case === true;
}

const sentenceConfig = 'sentence_bert_config.json';

function asksForLowercase(config: unknown): boolean {
  return isObject(config) && config['do_lower_case'] === true;
}

/**
 * Results by model, cached because a tokenizer.json has up to 17 MB. Not cached if the stored tokenizer is lost,
 * because an import may put it back.
 */
const known = new Map<string, boolean>();

/**
 * Returns the parsed file, or null if it is missing or broken. Tokenizing reports such a file; here it only means that
 * no rule is known.
 */
function jsonOrNull({ files }: StoredModel, path: string): unknown {
  try {
    return parseForeignJson(files[path] ?? 'null');
  } catch {
    return null;
  }
}

/**
 * Whether the experiment's model gives upper and lower case the same tokens: its tokenizer folds case, or
 * sentence-transformers lowercases its texts first. False while no model is chosen or stored.
 */
export async function modelFoldsCase(db: Database, experiment: Pick<Experiment, 'model'>): Promise<boolean> {
  const contentSha256 = experiment.model?.contentSha256;
  if (contentSha256 === undefined) return false;
  const found = known.get(contentSha256);
  if (found !== undefined) return found;
  const model = await getModel(db, contentSha256);
  if (!model) return false;
  const tokenizer = jsonOrNull(model, 'tokenizer.json');
  const folds =
    asksForLowercase(jsonOrNull(model, sentenceConfig)) ||
    tokenizerFoldsCase(tokenizer, jsonOrNull(model, 'tokenizer_config.json'));
  if (tokenizer !== null) known.set(contentSha256, folds);
  return folds;
}

/** Whether sentence-transformers lowercases texts, and their prefixes, before it tokenizes them for this model. */
export function lowercasesFirst(files: StoredModel['files']): boolean {
  return sentenceConfig in files && asksForLowercase(modelJson(files, sentenceConfig));
}
