import type { Stage } from '../../domain/experiment';
import { defaultKeywords } from '../../domain/train/strategySchema';
import type { Dictionary } from '../i18n/dictionary';

/** Returns what a stage trains: "Full", "BitFit", or "BitFit (layer.11)" if its keywords are not the usual ones. */
export function strategyText(dictionary: Dictionary, { strategy }: Pick<Stage, 'strategy'>): string {
  const kind = dictionary.strategy.kinds[strategy.kind];
  const named = strategy.kind === 'bitFit' && strategy.keywords.join() !== defaultKeywords.join();
  return named ? dictionary.strategy.byKeywords(kind, strategy.keywords.join(dictionary.common.comma)) : kind;
}

/** Describes a stage on one line: "BitFit · 2 epochs · in-batch InfoNCE · embeddings frozen". */
export function stageText(dictionary: Dictionary, stage: Stage): string {
  const { duration, loss, frozen } = stage;
  return [
    strategyText(dictionary, stage),
    dictionary.home.duration[duration.unit](duration.value),
    dictionary.train.options[loss.kind],
    ...(frozen ? [dictionary.strategy.frozen(frozen.embeddings, frozen.layers)] : []),
  ].join(' · ');
}
