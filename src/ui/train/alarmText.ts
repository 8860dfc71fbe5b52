import { collapseScore, type Alarm } from '../../domain/train/alarm';
import { metricLabel } from '../evaluate/metricLabel';
import type { Dictionary } from '../i18n/dictionary';
import { formatCount, formatFigure, formatPercent, formatScore, formatSigned } from '../i18n/format';

/** Writes what an alarm found and what may help. */
export function alarmText(dictionary: Dictionary, alarm: Alarm): string {
  const t = dictionary.train.alarms;
  const step = formatCount(alarm.step);
  switch (alarm.kind) {
    case 'collapse': {
      const [positive, negative] = [formatScore(alarm.positiveScore), formatScore(alarm.negativeScore)];
      return t.collapse(step, alarm.steps, positive, negative, String(collapseScore));
    }
    case 'deadGradients':
      return t.deadGradients(step, alarm.steps);
    case 'divergence':
      return t.divergence(step, alarm.steps, formatFigure(alarm.loss), formatFigure(alarm.lowestLoss));
    case 'recallFalls':
      return t.recallFalls(step, alarm.evaluations, {
        metric: metricLabel(dictionary, alarm.metric),
        from: formatPercent(alarm.from),
        to: formatPercent(alarm.to),
        low: formatSigned(alarm.change.low * 100),
        high: formatSigned(alarm.change.high * 100),
        fromLoss: formatFigure(alarm.fromLoss),
        loss: formatFigure(alarm.loss),
      });
    default:
      return alarm satisfies never;
  }
}

/** Returns the newest alarm of each kind, in the order in which they were raised. */
export function newestAlarms(alarms: readonly Alarm[]): Alarm[] {
  return alarms.filter((alarm, index) => !alarms.slice(index + 1).some(({ kind }) => kind === alarm.kind));
}
