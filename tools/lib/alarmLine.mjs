/** Returns the terminal's sentence for an alarm (`Alarm` in src/domain/train/alarm.ts). */
export function alarmLine(alarm) {
  return `alarm at step ${alarm.step}: ${finding(alarm)}`;
}

function finding(alarm) {
  const { kind, steps, loss } = alarm;
  const share = (value) => `${(value * 100).toFixed(1)}%`;
  if (kind === 'collapse')
    return (
      `positives and negatives scored above 0.95 on average for ${steps} steps ` +
      `(now ${alarm.positiveScore.toFixed(3)} and ${alarm.negativeScore.toFixed(3)}): the vectors are collapsing`
    );
  if (kind === 'deadGradients') return `all gradients were 0 for ${steps} steps: the run no longer learns`;
  if (kind === 'divergence')
    return (
      `the loss was above 1.5 times its lowest level for ${steps} steps ` +
      `(${loss.toFixed(4)}, up from ${alarm.lowestLoss.toFixed(4)}): the run is diverging`
    );
  const points = (value) => `${value > 0 ? '+' : ''}${(value * 100).toFixed(1)}`;
  const { metric, from, to, change, evaluations, fromLoss } = alarm;
  return (
    `dev ${metric} fell over ${evaluations} evaluations from ${share(from)} to ${share(to)} ` +
    `(95% interval of the change: ${points(change.low)} to ${points(change.high)} points), ` +
    `although the loss fell from ${fromLoss.toFixed(4)} to ${loss.toFixed(4)}: the run may be overfitting`
  );
}
