import type { AppErrorDetails } from '../../../domain/errors';
import { unknownErrorSentence, type Sentence } from './sentence';

export function tooFewPairs({
  pairs,
  batchSize,
  distinct,
}: Extract<AppErrorDetails, { kind: 'too-few-pairs' }>): Sentence {
  switch (distinct) {
    case undefined:
      return {
        zh: `只有 ${pairs} 个问答对，不够一批（${batchSize}），请减小批大小，或补充问答对。`,
        en: `There are too few pairs (${pairs}) for a batch of ${batchSize}; reduce the batch size or add pairs.`,
      };
    case 'passages':
      return {
        zh: `问答对里只有 ${pairs} 个不同的段落，不够一批（${batchSize}），因为同一批里段落不能重复。请减小批大小，补充问答对，或允许段落重复。`,
        en: `The pairs have too few different passages (${pairs}) for a batch of ${batchSize}, as no passage may be in a batch twice; reduce the batch size, add pairs, or allow repeated passages.`,
      };
    case 'anchors':
      return {
        zh: `问答对里只有 ${pairs} 个不同的问题，不够一批（${batchSize}），因为同一批里问题不能重复。请减小批大小，补充问答对，或允许重复。`,
        en: `The pairs have too few different questions (${pairs}) for a batch of ${batchSize}, as no question may be in a batch twice; reduce the batch size, add pairs, or allow repetitions.`,
      };
    case 'together':
      return {
        zh: `凑不满一批（${batchSize}）：段落和问题都不重复的问答对，一批只找到 ${pairs} 个。请减小批大小，补充问答对，或允许重复。`,
        en: `A batch of ${batchSize} can’t be filled: only ${pairs} pairs that repeat no passage or question were found for it; reduce the batch size, add pairs, or allow repetitions.`,
      };
    default:
      return unknownErrorSentence(distinct satisfies never);
  }
}
