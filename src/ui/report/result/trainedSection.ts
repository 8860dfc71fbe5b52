import type { Experiment, Stage } from '../../../domain/experiment';
import { slotNames } from '../../../domain/import/slots';
import type { ReportFact, ReportSection } from '../../../domain/report/reportDocument';
import type { ReportFacts, ReportedModel, ReportedTraining } from '../../../domain/report/reportFacts';
import { strategyPresetOf } from '../../../domain/train/strategyPresets';
import type { Dictionary } from '../../i18n/dictionary';
import { formatBytes, formatCount } from '../../i18n/format';
import { deviceText } from '../../train/deviceText';
import { settingsText, stageText, strategyText } from '../../train/stageText';

/** Describes the only stage of a run: what it trains and with which loss, then the main settings. */
function onlyStageText(t: Dictionary, experiment: Experiment, stage: Stage): string {
  // If everything is trained, the settings leave out the strategy.
  const everything = strategyPresetOf(experiment.stages) === 'full' ? [strategyText(t, stage)] : [];
  return [...everything, t.train.options[stage.loss.kind], settingsText(t, experiment)].join(' · ');
}

/** The section on the training: base model, data, the settings of each stage, kept weights and device. */
export function trainedSection(t: Dictionary, training: ReportedTraining): ReportSection {
  const words = t.resultReport.trained;
  const facts: ReportFact[] = [
    ...inputFacts(t, training),
    { label: words.steps, value: words.keptOf(training.keptStep, training.steps) },
    { label: words.device, value: training.device ? deviceText(t, training.device) : '–' },
    { label: words.experiment, value: training.experimentHash, code: true },
    { label: words.weights, value: training.weightsSha256, code: true },
  ];
  return { title: words.title, blocks: [{ kind: 'facts', facts }] };
}

/** Describes base model, data, pairs and the settings of each stage. */
export function inputFacts(
  t: Dictionary,
  { model, experiment, rows, pairs }: Pick<ReportedTraining, 'model' | 'experiment' | 'rows' | 'pairs'>,
): ReportFact[] {
  const words = t.resultReport.trained;
  const { stages } = experiment;
  const data = slotNames.flatMap((slot) => {
    const count = rows[slot];
    return count === undefined ? [] : [`${t.import.slots[slot].name} ${formatCount(count)}`];
  });
  return [
    { label: words.model, value: model },
    { label: words.data, value: data.join(' · ') },
    { label: words.pairs, value: words.pairCount(pairs) },
    ...stages.map((stage, index) => ({
      label: stages.length > 1 ? words.stage(index + 1) : words.only,
      value: stages.length > 1 ? stageText(t, stage) : onlyStageText(t, experiment, stage),
    })),
  ];
}

function settingsCell(t: Dictionary, { settings }: ReportedModel): string {
  if (!settings) return '–';
  const prompts = [settings.queryPrefix, settings.passagePrefix].filter((prompt) => prompt !== '');
  const quoted = prompts.map((prompt) => `“${prompt}”`).join(t.common.listComma);
  return t.compare.settings(t.import.model.poolings[settings.pooling], settings.maxTokens, quoted);
}

/** Describes which models were compared, and how they encode. */
export function comparedSection(t: Dictionary, { models }: ReportFacts): ReportSection {
  const words = t.resultReport.models;
  const rows = models.map((model) => [
    model.name,
    model.detail === '' ? '–' : model.detail,
    model.kind === 'keywords' ? words.keywords : settingsCell(t, model),
    model.bytes === null ? '–' : formatBytes(model.bytes),
    model.passagesPerSecond === null ? '–' : formatCount(model.passagesPerSecond),
  ]);
  const head = [words.model, words.weights, words.settings, words.size, words.speed];
  return { title: words.title, blocks: [{ kind: 'table', head, rows, texts: 3 }] };
}
