import type { MetricName, Stage } from '../../domain/experiment';
import { slotNames } from '../../domain/import/slots';
import { isObject } from '../../domain/isObject';
import type { SettingDifference } from '../../domain/train/experimentDifferences';
import type { Prefix } from '../../domain/train/lossSchema';
import type { Negatives } from '../../domain/train/negativesSchema';
import { prefixText } from '../../domain/train/prefixList';
import { metricLabel } from '../evaluate/metricLabel';
import type { Dictionary } from '../i18n/dictionary';
import { formatHash, formatRate } from '../i18n/format';
import { stageText, strategyText } from './stageText';

/** A setting in which two runs differ, as a row of a table. */
export interface DifferenceRow {
  label: string;
  values: [string, string];
}

type Words = (value: never) => string;

/** Returns a difference in the words of the form. `stages` is the larger number of stages of the two experiments. */
export function differenceText(t: Dictionary, { path, values }: SettingDifference, stages: number): DifferenceRow {
  const [, stage, setting = ''] = /^stages\.(\d+)\.?(.*)$/.exec(path) ?? [];
  const label = stage === undefined ? labelOf(t, path) : stageLabel(t, Number(stage), setting, stages);
  const say = (value: unknown): string => valueText(t, stage === undefined ? path : `stage.${setting}`, value);
  return { label, values: [say(values[0]), say(values[1])] };
}

function stageLabel(t: Dictionary, stage: number, setting: string, stages: number): string {
  if (setting === '') return t.strategy.stage(stage + 1);
  const label = labelOf(t, `stage.${setting}`);
  return stages > 1 ? `${t.strategy.stage(stage + 1)} · ${label}` : label;
}

/** Returns the form's label of a setting, or its path if the form has none. */
function labelOf(t: Dictionary, path: string): string {
  const { fields } = t.train;
  const { lora, prefix } = t.strategy;
  const { model, slots } = t.import;
  const labels: Record<string, string> = {
    seed: fields.seed,
    'split.devFraction': t.split.devFraction,
    'split.devMaximum': t.split.devMaximum,
    'split.removeNearDuplicates': t.runs.removeNear,
    model: model.title,
    'model.contentSha256': model.title,
    'model.pooling': model.pooling,
    'model.normalize': model.normalize,
    'model.maxTokens': model.maxTokens,
    'model.queryPrefix': model.queryPrefix,
    'model.passagePrefix': model.passagePrefix,
    'evaluation.primary': fields.primary,
    'evaluation.ks': t.runs.cutOffs,
    'evaluation.devEverySteps': fields.devEverySteps,
    'evaluation.devTimeShare': fields.devTimeShare,
    'evaluation.checkpoint': fields.checkpoint,
    'evaluation.earlyStop': fields.patience,
    'evaluation.earlyStop.patience': fields.patience,
    'data.knowledgeBase.joinTitles': t.runs.joinTitles,
    'stage.strategy': t.strategy.strategy,
    'stage.strategy.keywords': t.strategy.keywords,
    'stage.strategy.rank': lora.rank,
    'stage.strategy.alpha': lora.alpha,
    'stage.strategy.dropout': lora.dropout,
    'stage.strategy.matrices': lora.matrices,
    'stage.strategy.tokens': prefix.tokens,
    'stage.strategy.side': prefix.side,
    'stage.frozen': t.runs.frozen,
    'stage.frozen.embeddings': t.strategy.frozenEmbeddings,
    'stage.frozen.layers': t.strategy.frozenLayers,
    'stage.data': fields.data,
    'stage.loss': fields.loss,
    'stage.loss.temperature': fields.temperature,
    'stage.loss.distance': fields.distance,
    'stage.loss.margin': fields.tripletMargin,
    'stage.loss.inBatchNegatives': fields.inBatchNegatives,
    'stage.loss.directions': fields.directions,
    'stage.loss.softmax': fields.softmax,
    'stage.loss.sameSide': fields.sameSide,
    'stage.loss.contrast': fields.contrast,
    'stage.loss.hardness': fields.hardness,
    'stage.loss.hardness.mode': fields.hardness,
    'stage.loss.hardness.strength': fields.hardnessStrength,
    'stage.loss.falseNegatives.known': fields.knownAnswers,
    'stage.loss.falseNegatives.byScore': fields.byScore,
    'stage.loss.falseNegatives.byScore.kind': fields.byScore,
    'stage.loss.falseNegatives.byScore.margin': fields.scoreMargin,
    'stage.loss.falseNegatives.byScore.model': fields.guide,
    'stage.loss.falseNegatives.byScore.model.contentSha256': fields.guide,
    'stage.loss.scores': fields.teacherScores,
    'stage.loss.teacher': fields.teacher,
    'stage.loss.teacher.contentSha256': fields.teacher,
    'stage.loss.teacherTemperature': fields.teacherTemperature,
    'stage.loss.matryoshka': fields.matryoshka,
    'stage.negatives': fields.negatives,
    'stage.negatives.perAnchor': fields.negativesPerAnchor,
    'stage.negatives.model': t.negatives.mined.model,
    'stage.negatives.model.contentSha256': t.negatives.mined.model,
    'stage.negatives.firstRank': t.negatives.mined.firstRank,
    'stage.negatives.lastRank': t.negatives.mined.lastRank,
    'stage.negatives.pick': t.negatives.mined.pick,
    'stage.negatives.relativeMargin': t.negatives.mined.relativeMargin,
    'stage.negatives.absoluteMargin': t.negatives.mined.absoluteMargin,
    'stage.negatives.minScore': t.negatives.mined.minScore,
    'stage.negatives.maxScore': t.negatives.mined.maxScore,
    'stage.negatives.dropped': t.runs.dropped,
    'stage.batching.batchSize': fields.batchSize,
    'stage.batching.accumulation': fields.accumulation,
    'stage.batching.avoidDuplicatePassages': fields.avoidDuplicates,
    'stage.duration': fields.duration,
    'stage.schedule.kind': fields.schedule,
    'stage.schedule.warmup': fields.warmup,
    'stage.schedule.warmupSteps': fields.warmupSteps,
    'stage.optimizer.learningRate': fields.learningRate,
    'stage.optimizer.layerDecay': fields.layerDecay,
    'stage.optimizer.weightDecay': fields.weightDecay,
    'stage.optimizer.clipNorm': fields.clipNorm,
    'stage.optimizer.beta1': fields.beta1,
    'stage.optimizer.beta2': fields.beta2,
    'stage.optimizer.epsilon': fields.epsilon,
    'stage.ema': fields.emaDecay,
    'stage.ema.decay': fields.emaDecay,
    'stage.dropout': fields.dropout,
    'stage.precision': fields.precision,
  };
  const slot = slotNames.find((name) => path === `data.${name}` || path === `data.${name}.contentSha256`);
  if (slot) return slots[slot].name;
  return labels[path] ?? path.replace(/^stage\./, '');
}

/** Returns a value in the words of the form. A value for which the form has no words is returned as text. */
function valueText(t: Dictionary, path: string, value: unknown): string {
  if (value === undefined || value === null) return '–';
  const o: Record<string, string> = t.train.options;
  const { contrastBatch, contrastExplicit, contrastOwn, amongQuestions, amongPassages, amongBoth } = t.train.options;
  const { inBatchNegatives, explicitNegatives, allNegatives, absoluteMargin, relativeMargin } = t.train.options;
  const words: Record<string, Words> = {
    stage: (stage: Stage) => stageText(t, stage),
    'stage.strategy': (strategy: Stage['strategy']) => strategyText(t, { strategy }),
    'stage.strategy.side': (side: 'queries' | 'both') => t.strategy.prefix.sides[side],
    'stage.frozen': ({ embeddings, layers }: NonNullable<Stage['frozen']>) => t.strategy.frozen(embeddings, layers),
    'stage.loss': ({ kind }: Stage['loss']) => t.train.options[kind],
    'stage.loss.distance': (name: string) =>
      ({ cosine: t.train.options.cosineDistance })[name] ?? t.train.options.euclidean,
    'stage.loss.contrast': (name: string) =>
      ({ batch: contrastBatch, explicit: contrastExplicit, own: contrastOwn })[name] ?? name,
    'stage.loss.sameSide': (name: string) =>
      ({ queries: amongQuestions, passages: amongPassages, both: amongBoth })[name] ?? name,
    'stage.loss.hardness.mode': (name: string) =>
      ({ inBatch: inBatchNegatives, explicit: explicitNegatives, all: allNegatives })[name] ?? name,
    'stage.loss.falseNegatives.byScore.kind': (name: string) =>
      ({ absolute: absoluteMargin, relative: relativeMargin })[name] ?? name,
    'stage.loss.matryoshka': (prefixes: Prefix[]) => prefixText(prefixes),
    'stage.negatives': ({ from, perAnchor }: Negatives) => `${t.negatives.sources[from]} × ${perAnchor}`,
    'stage.negatives.pick': (pick: 'top' | 'random' | 'lowest') => t.negatives.mined.picks[pick],
    'stage.negatives.dropped': (ids: string[]) => String(ids.length),
    'stage.ema': ({ decay }: NonNullable<Stage['ema']>) => String(decay),
    'stage.duration': ({ unit, value: length }: Stage['duration']) => t.home.duration[unit](length),
    'stage.dropout': (rate: number | 'model') => (rate === 'model' ? t.train.options.asModel : String(rate)),
    'model.pooling': (pooling: 'mean' | 'cls' | 'last') => t.import.model.poolings[pooling],
    'evaluation.primary': (name: MetricName) => metricLabel(t, name),
    'evaluation.earlyStop': ({ patience }: { patience: number }) => String(patience),
  };
  const key = path.replace(/\.$/, '');
  const say = words[key];
  if (say) return say(value as never);
  if (key.endsWith('contentSha256') && typeof value === 'string') return formatHash(value);
  if (isObject(value) && typeof value['contentSha256'] === 'string') return formatHash(value['contentSha256']);
  return plainText(t, value, o);
}

function plainText(t: Dictionary, value: unknown, options: Record<string, string>): string {
  if (typeof value === 'number') return formatRate(value);
  if (typeof value === 'boolean') return value ? t.runs.yes : t.runs.no;
  if (typeof value === 'string') return (Object.hasOwn(options, value) ? options[value] : value) ?? value;
  return Array.isArray(value) && value.every((one) => !isObject(one))
    ? value.join(t.common.listComma)
    : JSON.stringify(value);
}
