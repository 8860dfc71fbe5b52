import type { LabelDecision } from '../../domain/evaluate/labelDecisions';
import { app } from '../../state/app.svelte';
import type { ExperimentState } from '../../state/experiment.svelte';
import { i18n } from '../i18n';

/** Stores a decision about a right passage, and says so if it could not be stored. */
export function decideLabel(experiment: ExperimentState, decision: Omit<LabelDecision, 'number'>): void {
  void app.attempt(async () => {
    if (!(await experiment.decideLabel(decision))) app.notify(i18n.t.questions.marks.notStored);
  });
}
