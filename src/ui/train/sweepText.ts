import type { Stage } from '../../domain/experiment';
import type { SweepAxis } from '../../domain/sweep/sweep';
import type { Negatives } from '../../domain/train/negativesSchema';
import { strategyPresetOf } from '../../domain/train/strategyPresets';
import type { Dictionary } from '../i18n/dictionary';
import { formatRate } from '../i18n/format';
import { stageText, strategyText } from './stageText';

/** Returns the form's name of a swept setting, with its stage unless that is the first. */
export function axisText(t: Dictionary, { setting, stage = 0 }: SweepAxis): string {
  const { fields } = t.train;
  const names: Record<SweepAxis['setting'], string> = {
    seed: fields.seed,
    stages: t.strategy.strategy,
    strategy: t.strategy.strategy,
    learningRate: fields.learningRate,
    temperature: fields.temperature,
    batchSize: fields.batchSize,
    negatives: fields.negatives,
  };
  return stage === 0 ? names[setting] : `${t.strategy.stage(stage + 1)} · ${names[setting]}`;
}

/** Returns a value of a setting in the words of the form. */
export function axisValueText(t: Dictionary, { setting }: SweepAxis, value: unknown): string {
  switch (setting) {
    case 'stages': {
      // The axes were parsed, so the values suit their settings.
      const stages = value as Stage[];
      const preset = strategyPresetOf(stages);
      if (preset) return t.strategy.presets.names[preset];
      return stages.map((stage) => stageText(t, stage)).join(t.common.semicolon);
    }
    case 'strategy':
      return strategyText(t, { strategy: value as Stage['strategy'] });
    case 'negatives': {
      const negatives = value as Negatives | null;
      return negatives
        ? `${t.negatives.sources[negatives.from]} × ${negatives.perAnchor}`
        : t.negatives.sources.inBatch;
    }
    default:
      return typeof value === 'number' ? formatRate(value) : '–';
  }
}
