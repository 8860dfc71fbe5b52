const share = (value) => `${(value * 100).toFixed(1)}%`;

/** Returns a comparison as a table for the terminal: one line per model, with its difference from the baseline. */
export function comparisonLines(comparison) {
  const { models, baseline, k, part, questions, passages, failures, scoredPairs } = comparison;
  const head = `${questions.length} ${part} questions, ${passages} passages, baseline ${baseline}`;
  const width = Math.max(...models.map(({ name }) => name.length));
  const lines = models.map(({ name, metrics }) => {
    const [hits, mrr] = [metrics[`hitRate@${k}`], metrics['mrr@10']];
    const interval = `${share(hits.wilson.low)} to ${share(hits.wilson.high)}`;
    const values = `hit rate@${k} ${share(hits.value)} (${interval}), MRR@10 ${mrr.value.toFixed(4)}`;
    return `${name.padEnd(width)}  ${values}${hits.baseline ? `; ${changeWords(hits.baseline)}` : ''}`;
  });
  const pairs = scoredPairs ? pairLines(scoredPairs) : [];
  const failed = Object.entries(failedWords).flatMap(([what, words]) => {
    const names = failures.filter((one) => one.what === what).map(({ name }) => name);
    return names.length > 0 ? [`${words}: ${names.join(', ')}`] : [];
  });
  return [head, ...lines, ...pairs, ...failed];
}

/** One line per model that has scored the pairs. */
function pairLines({ name, pairs, baseline, models, otherPairs }) {
  const head = `${pairs} scored pairs of ${name}, baseline ${baseline}`;
  const width = Math.max(...models.map((model) => model.name.length));
  const valueOf = (label, { value, interval }) =>
    `${label} ${value.toFixed(4)}${interval ? ` (${interval.low.toFixed(4)} to ${interval.high.toFixed(4)})` : ''}`;
  const lines = models.map(({ name: model, undefined: why, spearman, pearson }) => {
    if (why) return `${model.padEnd(width)}  correlations are not defined: ${undefinedWords[why]}`;
    const p = spearman.baseline?.adjusted;
    const test = p == null ? '' : `; Spearman against the baseline: p = ${p.toPrecision(2)}`;
    return `${model.padEnd(width)}  ${valueOf('Spearman', spearman)}, ${valueOf('Pearson', pearson)}${test}`;
  });
  const others = otherPairs.map((folder) => `${folder} has other pairs, which are not compared`);
  return [head, ...lines, ...others];
}

const failedWords = {
  questions: 'not evaluated',
  pairs: 'scored pairs not compared',
  probe: 'general ability not measured',
};

const undefinedWords = {
  tooFew: 'fewer than two pairs',
  equalLabels: 'all scores in the file are equal',
  equalScores: 'the model gives all pairs the same score',
};

function changeWords({ won, lost, verdict, adjusted }) {
  const word = verdict === 'noDifferenceShown' ? 'no difference shown' : verdict;
  return `${won} improved, ${lost} worse: ${word}, p = ${adjusted.toPrecision(2)}`;
}
