import { passageOrder, type PassageOrder } from '../../../src/domain/evaluate/ranking';
import type { RunRecord } from '../../../src/domain/run';
import { devSample } from '../../../src/domain/train/devPlan';
import type { PreparedData } from '../split/preparedData';
import { rightPassages } from './devPlans';

/** The passages that dev is evaluated on during training. */
export interface DevSample {
  /** Their indexes in the knowledge base, ascending. */
  rows: number[];
  order: PassageOrder;
  /** The size of the knowledge base. */
  of: number;
}

/** Returns the sample planned in a run's record. Undefined if dev is evaluated on the whole knowledge base. */
export function devSampleOf(
  { devPlan, experiment }: Pick<RunRecord, 'devPlan' | 'experiment'>,
  data: Pick<PreparedData, 'knowledgeBase' | 'dev'>,
): DevSample | undefined {
  const of = data.knowledgeBase.length;
  if (!devPlan || devPlan.passages >= of) return undefined;
  const rows = devSample({ ...devPlan, of }, rightPassages(data), experiment.seed);
  return { rows, order: passageOrder(rows.flatMap((row) => data.knowledgeBase[row] ?? [])), of };
}
