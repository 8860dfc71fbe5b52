import type { AppErrorDetails } from '../../../domain/errors';
import type { Sentence } from './sentence';
import { shortened } from './shortened';

export function tooFewScoredPairs({
  pairs,
  batchSize,
}: Extract<AppErrorDetails, { kind: 'too-few-scored-pairs' }>): Sentence {
  return {
    zh: `只有 ${pairs} 个打分句对，不够一批（${batchSize}），请减小批大小，或补充打分句对。`,
    en: `There are too few scored pairs (${pairs}) for a batch of ${batchSize}; reduce the batch size or add scored pairs.`,
  };
}

export function negativesNeedPairs(): Sentence {
  return {
    zh: '所有阶段都用打分句对训练，没有负例可比；请让至少一个阶段用问答对训练。',
    en: 'All stages train on scored pairs, which have no negatives to compare; let at least one stage train on pairs.',
  };
}

export function scoresUnusable(details: Extract<AppErrorDetails, { kind: 'scores-unusable' }>): Sentence {
  if ('equal' in details)
    return {
      zh: `打分句对的分数都是 ${details.equal}，没有高低可比，请导入分数不同的句对。`,
      en: `All scored pairs have the score ${details.equal}, so there is no order to learn; import pairs with different scores.`,
    };
  const id = shortened(details.id, 80);
  return {
    zh: `打分句对 ${id} 的分数是 ${details.found}，应在 −${details.largest} 到 ${details.largest} 之间，请改正后重新导入。`,
    en: `The score of scored pair ${id} is ${details.found}, not a number from −${details.largest} to ${details.largest}; correct it and import the file again.`,
  };
}
