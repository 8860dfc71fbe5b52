import { Tokenizer } from '@huggingface/tokenizers';
import { AppError } from '../../../src/domain/errors';
import type { StoredModel } from '../../../src/domain/model';
import { separatingRareHan } from '../../../src/domain/tokenize/rareHan';
import { lowercasesFirst } from './letterCase';
import { modelJson } from './modelJson';

/** Returns the number of special tokens that the tokenizer puts after a text. */
function specialsAfterText(tokenizer: Tokenizer): number {
  const sample = 'a';
  const bare = tokenizer.encode(sample, { add_special_tokens: false }).ids;
  const { ids } = tokenizer.encode(sample);
  for (let at = 0; at + bare.length <= ids.length; at++)
    if (bare.every((id, i) => ids[at + i] === id)) return ids.length - at - bare.length;
  return 0;
}

/** Encodes texts with the tokenizer of a model folder. */
export class TextTokenizer {
  readonly #tokenizer: Tokenizer;
  readonly #lowerCase: boolean;
  /** Number of special tokens after a text: one, such as [SEP], in most models. */
  readonly #specialsAfter: number;

  constructor(model: Pick<StoredModel, 'files'>) {
    this.#lowerCase = lowercasesFirst(model.files);
    const definition = modelJson(model.files, 'tokenizer.json');
    const config = 'tokenizer_config.json' in model.files ? modelJson(model.files, 'tokenizer_config.json') : {};
    try {
      this.#tokenizer = new Tokenizer(separatingRareHan(definition), config);
      this.#specialsAfter = specialsAfterText(this.#tokenizer);
    } catch (cause) {
      throw new AppError({ kind: 'model-invalid', file: 'tokenizer.json', fault: 'tokenizer-invalid' }, { cause });
    }
  }

  /**
   * Returns a text's ids, including the model's special tokens. A text that is too long is cut at its end but keeps the
   * special tokens after it.
   */
  encode(text: string, maxTokens: number): { ids: number[]; truncated: boolean } {
    const { ids } = this.#tokenizer.encode(this.#lowerCase ? text.toLowerCase() : text);
    if (ids.length <= maxTokens) return { ids, truncated: false };
    const after = this.#specialsAfter;
    return { ids: [...ids.slice(0, maxTokens - after), ...ids.slice(ids.length - after)], truncated: true };
  }
}
