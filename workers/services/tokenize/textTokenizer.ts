import { Tokenizer } from '@huggingface/tokenizers';
import { AppError } from '../../../src/domain/errors';
import type { StoredModel } from '../../../src/domain/model';
import { separatingRareHan } from '../../../src/domain/tokenize/rareHan';

function jsonFile(files: Record<string, string>, path: string): object {
  const invalid = (found?: string) =>
    new AppError({
      kind: 'model-invalid',
      file: path,
      fault: 'tokenizer-invalid',
      ...(found === undefined ? {} : { found }),
    });
  const text = files[path];
  if (text === undefined) throw new AppError({ kind: 'model-invalid', file: path, fault: 'missing-file' });
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch (cause) {
    throw new AppError({ kind: 'model-invalid', file: path, fault: 'not-json' }, { cause });
  }
  throw invalid('not an object');
}

/** Whether sentence-transformers lowercases texts, and their prefixes, before it tokenizes them for this model. */
export function tokenizerLowersCase(files: StoredModel['files']): boolean {
  const path = 'sentence_bert_config.json';
  if (!(path in files)) return false;
  const config = jsonFile(files, path);
  return 'do_lower_case' in config && config.do_lower_case === true;
}

/** Encodes texts with the tokenizer of a model folder. */
export class TextTokenizer {
  readonly #tokenizer: Tokenizer;
  readonly #lowerCase: boolean;

  constructor(model: Pick<StoredModel, 'files'>) {
    this.#lowerCase = tokenizerLowersCase(model.files);
    const definition = jsonFile(model.files, 'tokenizer.json');
    const config = 'tokenizer_config.json' in model.files ? jsonFile(model.files, 'tokenizer_config.json') : {};
    try {
      this.#tokenizer = new Tokenizer(separatingRareHan(definition), config);
    } catch (cause) {
      throw new AppError({ kind: 'model-invalid', file: 'tokenizer.json', fault: 'tokenizer-invalid' }, { cause });
    }
  }

  /**
   * Returns a text's ids, including the model's special tokens. A text that is too long loses its end but keeps the
   * last special token.
   */
  encode(text: string, maxTokens: number): { ids: number[]; truncated: boolean } {
    const { ids } = this.#tokenizer.encode(this.#lowerCase ? text.toLowerCase() : text);
    if (ids.length <= maxTokens) return { ids, truncated: false };
    return { ids: [...ids.slice(0, maxTokens - 1), ...ids.slice(-1)], truncated: true };
  }
}
