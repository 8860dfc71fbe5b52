import type { AppErrorDetails } from '../../../domain/errors';
import type { Sentence } from './sentence';

type PrefixFault =
  'prefix-token-known' | 'prefix-too-many-tokens' | 'prefix-differs' | 'prefix-tokenizer' | 'blend-has-prefix';

/** Sentences about prefixes of special tokens that can't be used. */
export const prefixSentences: {
  [Kind in PrefixFault]: (details: Extract<AppErrorDetails, { kind: Kind }>) => Sentence;
} = {
  'prefix-token-known': ({ stage, token }) => ({
    zh: `阶段 ${stage + 1} 的前缀 token“${token}”在模型的词表里已经有了，请换一个名称。`,
    en: `“${token}”, a token of the prefix of stage ${stage + 1}, is in the model’s vocabulary already; choose another name.`,
  }),
  'prefix-too-many-tokens': ({ stage, tokens, most }) => ({
    zh: `阶段 ${stage + 1} 的前缀有 ${tokens} 个 token，但按长度上限最多只能有 ${most} 个；请减少，或调高长度上限。`,
    en: `The prefix of stage ${stage + 1} has ${tokens} tokens, but the length limit leaves room for at most ${most}; use fewer, or raise the limit.`,
  }),
  'prefix-differs': ({ stage, first }) => ({
    zh: `阶段 ${stage + 1} 的前缀和阶段 ${first + 1} 的不同；一次训练只能有一个前缀，请改成一样的。`,
    en: `The prefix of stage ${stage + 1} differs from that of stage ${first + 1}; a run has only one prefix, so make them the same.`,
  }),
  'prefix-tokenizer': ({ stage }) => ({
    zh: `这个模型的分词器不能用阶段 ${stage + 1} 的前缀 token：它不是 WordPiece，或会改写这些 token；请换名称（如小写）或换训练方式。`,
    en: `The model’s tokenizer can’t take the prefix of stage ${stage + 1}: it is not a WordPiece tokenizer, or it changes the tokens; use other names, such as lower-case ones, or another strategy.`,
  }),
  'blend-has-prefix': ({ stage }) => ({
    zh: `阶段 ${stage + 1} 训练了前缀 token，基座模型没有这几行词向量，所以两者的权重不能混合。`,
    en: `Stage ${stage + 1} trains a prefix whose tokens the base model doesn’t have, so the weights of the two can’t be blended.`,
  }),
};
