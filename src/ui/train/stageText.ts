import type { Experiment, Stage } from '../../domain/experiment';
import { temperatureOf } from '../../domain/train/lossSchema';
import { strategyPresetOf } from '../../domain/train/strategyPresets';
import { defaultKeywords } from '../../domain/train/strategySchema';
import type { Dictionary } from '../i18n/dictionary';
import { formatRate } from '../i18n/format';

/** Writes what a stage trains: "Full", "BitFit", or "BitFit (layer.11)" if its keywords are unusual. */
export function strategyText(dictionary: Dictionary, { strategy }: Pick<Stage, 'strategy'>): string {
  const kind = dictionary.strategy.kinds[strategy.kind];
  const named = strategy.kind === 'bitFit' && strategy.keywords.join() !== defaultKeywords.join();
  return named ? dictionary.strategy.byKeywords(kind, strategy.keywords.join(dictionary.common.comma)) : kind;
}

/** Describes a stage on one line: "BitFit · 2 epochs · in-batch InfoNCE · embeddings frozen". */
export function stageText(dictionary: Dictionary, stage: Stage): string {
  const { duration, loss, frozen, ema } = stage;
  return [
    strategyText(dictionary, stage),
    dictionary.home.duration[duration.unit](duration.value),
    dictionary.train.options[loss.kind],
    ...(ema ? [`EMA ${ema.decay}`] : []),
    ...(frozen ? [dictionary.strategy.frozen(frozen.embeddings, frozen.layers)] : []),
  ].join(' · ');
}

/**
 * Writes the main settings of an experiment on one line: "BitFit · learning rate 2e-4 · …". If there are several
 * stages, writes only the seed, because `StageLines` describes them.
 */
export function settingsText(dictionary: Dictionary, { seed, stages }: Experiment): string {
  const { fields } = dictionary.train;
  const named = (label: string, value: string): string => `${label} ${value}`;
  const [stage, second] = stages;
  if (!stage || second) return named(fields.seed, String(seed));
  const temperature = temperatureOf(stage.loss);
  return [
    ...(strategyPresetOf(stages) === 'full' ? [] : [strategyText(dictionary, stage)]),
    named(fields.learningRate, formatRate(stage.optimizer.learningRate)),
    ...(temperature === null ? [] : [named(fields.temperature, formatRate(temperature))]),
    ...(stage.batching.kind === 'seeded' ? [named(fields.batchSize, String(stage.batching.batchSize))] : []),
    dictionary.home.duration[stage.duration.unit](stage.duration.value),
    named(fields.seed, String(seed)),
  ].join(' · ');
}
