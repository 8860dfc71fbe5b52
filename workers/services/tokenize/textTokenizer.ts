import { Tokenizer } from '@huggingface/tokenizers';
import { AppError } from '../../../src/domain/errors';
import type { StoredModel } from '../../../src/domain/model';
import { separatingRareHan } from '../../../src/domain/tokenize/rareHan';
import { lowercasesFirst } from './letterCase';
import { modelJson } from './modelJson';

/** Encodes texts with the tokenizer of a model folder. */
export class TextTokenizer {
  readonly #tokenizer: Tokenizer;
  readonly #lowerCase: boolean;

  constructor(model: Pick<StoredModel, 'files'>) {
    this.#lowerCase = lowercasesFirst(model.files);
    const definition = modelJson(model.files, 'tokenizer.json');
    const config = 'tokenizer_config.json' in model.files ? modelJson(model.files, 'tokenizer_config.json') : {};
    try {
      this.#tokenizer = new Tokenizer(separatingRareHan(definition), config);
    } catch (cause) {
      throw new AppError({ kind: 'model-invalid', file: 'tokenizer.json', fault: 'tokenizer-invalid' }, { cause });
    }
  }

  /**
   * Returns a text's ids, including the model's special tokens. A text that is too long is cut at its end but keeps the
   * last special token.
   */
  encode(text: string, maxTokens: number): { ids: number[]; truncated: boolean } {
    const { ids } = this.#tokenizer.encode(this.#lowerCase ? text.toLowerCase() : text);
    if (ids.length <= maxTokens) return { ids, truncated: false };
    return { ids: [...ids.slice(0, maxTokens - 1), ...ids.slice(-1)], truncated: true };
  }
}
