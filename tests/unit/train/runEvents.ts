import type { RunEvent, RunEventBody, RunPhase } from '../../../src/domain/run';
import { applyEvents, emptyRunView, type RunView } from '../../../src/domain/train/runView';

/** Returns the view of a run after the events, each of which has a time. */
export function viewAfter(...events: [at: number, event: RunEventBody][]): RunView {
  const view = emptyRunView();
  applyEvents(
    view,
    events.map(([at, body], seq): RunEvent => ({ runId: 'r', seq, at, ...body })),
  );
  return view;
}

export const phase = (name: RunPhase): RunEventBody => ({ type: 'phase', phase: name });
