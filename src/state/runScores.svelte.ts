import type { MetricName } from '../domain/experiment';
import type { RunRecord } from '../domain/run';
import { gateway } from './gateway';

/** A run's primary metric on dev, with the weights that it keeps. */
interface RunScore {
  metric: MetricName;
  value: number;
}

/** The scores on dev of runs that are done and have dev questions. */
export class RunScores {
  scores = $state.raw<ReadonlyMap<string, RunScore>>(new Map());

  /** Reads the scores that are not known yet. */
  async load(runs: readonly RunRecord[]): Promise<void> {
    const scores = new Map<string, RunScore>();
    for (const { runId, status, experiment } of runs) {
      if (status !== 'done' || this.scores.has(runId)) continue;
      const evaluation = await gateway.getEvaluation(runId, 'dev', 'after');
      const metric = experiment.evaluation.primary;
      if (evaluation) scores.set(runId, { metric, value: evaluation.metrics[metric] });
    }
    // Another call may have read others meanwhile.
    if (scores.size > 0) this.scores = new Map([...this.scores, ...scores]);
  }
}
