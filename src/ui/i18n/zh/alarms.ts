import type { Dictionary } from '../dictionary';
import { formatCount } from '../format';

/** Why a run may be going wrong. `steps` is the number of steps up to and including `step`. */
export const alarmTexts: Dictionary['train']['alarms'] = {
  label: '训练警报',
  collapse: (step, steps, positive, negative, limit) =>
    `到第 ${step} 步，正例和负例的平均得分已连续 ${formatCount(steps)} 步都高于 ${limit}（现为 ${positive} 和 ${negative}）：向量正在坍缩到一处，可以试试更低的学习率。`,
  deadGradients: (step, steps) =>
    `到第 ${step} 步，所有梯度已连续 ${formatCount(steps)} 步为 0：模型不再从问答对中学到东西，可以试试更低的学习率或更高的温度。`,
  divergence: (step, steps, loss, lowest) =>
    `到第 ${step} 步，损失已连续 ${formatCount(steps)} 步超过最低水平的 1.5 倍（从 ${lowest} 升到 ${loss}）：训练正在发散，可以试试更低的学习率。`,
  recallFalls: (step, evaluations, { metric, from, to, low, high, fromLoss, loss }) =>
    `到第 ${step} 步，验证集的${metric}经过 ${formatCount(evaluations)} 次评测从 ${from} 降到 ${to}（变化的 95% 区间：${low} 到 ${high} 个百分点），损失却从 ${fromLoss} 降到 ${loss}：可能过拟合，可以试试减少步数或换一种负例。`,
};
