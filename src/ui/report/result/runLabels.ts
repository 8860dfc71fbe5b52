import type { RunLabels } from '../../../state/runFacts';
import type { Dictionary } from '../../i18n/dictionary';

/** Returns the names of a run's models in a report. */
export function runLabels(t: Dictionary, model: string): RunLabels {
  const { before, after } = t.resultReport;
  return {
    before: { name: before, detail: model },
    after: { name: after, detail: model },
    keywords: { name: t.compare.keywords, detail: t.compare.keywordsDetail },
  };
}
