import type { ThresholdFigures, ThresholdRule } from '../../../src/domain/evaluate/threshold';
import type { ExportSource } from './exportSource';

const percent = (share: number | null): string => (share === null ? '–' : `${(share * 100).toFixed(1)}%`);

function ruleText(rule: ThresholdRule): string {
  switch (rule.by) {
    case 'f1':
      return '验证集上 F1 最高 / best F1 on dev';
    case 'precision':
      return `验证集上精确率至少 ${percent(rule.share)} / precision of at least ${percent(rule.share)} on dev`;
    case 'rejection':
      return `验证集上至多拒答 ${percent(rule.share)} / at most ${percent(rule.share)} rejected on dev`;
    default:
      return rule satisfies never;
  }
}

function row(name: string, figures: ThresholdFigures): string {
  const { questions, unanswerable, unanswerableAnswered, answered, right, precision, precisionInterval } = figures;
  const { low, high } = precisionInterval;
  const range = answered === 0 ? '' : ` (${percent(low)}–${percent(high)})`;
  return (
    `| ${name} | ${questions} | ${answered} | ${right} | ${percent(precision)}${range} | ${percent(figures.recall)} | ` +
    `${questions - answered} | ${figures.rejectedRight} | ${unanswerableAnswered} / ${unanswerable} |`
  );
}

/** Returns the section on the threshold chosen for the scores of the exported weights, or no lines if there is none. */
export function thresholdLines({ threshold }: ExportSource): string[] {
  if (!threshold) return [];
  const { value, rule, dev, test } = threshold;
  return [
    '## 得分门槛 / Score threshold',
    '',
    `第一条段落的余弦得分不低于 ${value} 时作答，否则拒答。选法：`,
    '',
    `Answer if the cosine of the first passage is at least ${value}, otherwise reject the question. Chosen by:`,
    '',
    ruleText(rule),
    '',
    '| 题 / Questions | 共 / All | 作答 / Answered | 答对 / Right | 精确率 / Precision | 召回率 / Recall | ' +
      '拒答 / Rejected | 误拒 / Right but rejected | 无答案却作答 / Answered without an answer |',
    '|---|---|---|---|---|---|---|---|---|',
    row('验证集 / Dev', dev),
    ...(test ? [row('测试集 / Test', test)] : ['', '没有在测试集上看过。 / Not looked at on test.']),
    '',
  ];
}
