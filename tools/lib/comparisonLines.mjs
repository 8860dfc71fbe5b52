const share = (value) => `${(value * 100).toFixed(1)}%`;

/** Returns a comparison as a table for the terminal: one line per model, with its difference from the baseline. */
export function comparisonLines({ models, baseline, k, part, questions, passages, failures }) {
  const head = `${questions.length} ${part} questions, ${passages} passages, baseline ${baseline}`;
  const width = Math.max(...models.map(({ name }) => name.length));
  const lines = models.map(({ name, metrics }) => {
    const [hits, mrr] = [metrics[`hitRate@${k}`], metrics['mrr@10']];
    const interval = `${share(hits.wilson.low)} to ${share(hits.wilson.high)}`;
    const values = `hit rate@${k} ${share(hits.value)} (${interval}), MRR@10 ${mrr.value.toFixed(4)}`;
    return `${name.padEnd(width)}  ${values}${hits.baseline ? `; ${changeWords(hits.baseline)}` : ''}`;
  });
  const failed = failures.length > 0 ? [`not evaluated: ${failures.map(({ name }) => name).join(', ')}`] : [];
  return [head, ...lines, ...failed];
}

function changeWords({ won, lost, verdict, adjusted }) {
  const word = verdict === 'noDifferenceShown' ? 'no difference shown' : verdict;
  return `${won} improved, ${lost} worse: ${word}, p = ${adjusted.toPrecision(2)}`;
}
