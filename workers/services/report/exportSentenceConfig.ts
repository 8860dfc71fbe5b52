import type { ExperimentModel } from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import { lowercasesFirst } from '../tokenize/letterCase';

/**
 * Returns sentence_bert_config.json. It keeps the base model's do_lower_case, which sentence-transformers applies
 * before the tokenizer.
 */
export function exportedSentenceConfig({ maxTokens }: ExperimentModel, { files }: StoredModel): unknown {
  return { max_seq_length: maxTokens, do_lower_case: lowercasesFirst(files) };
}
