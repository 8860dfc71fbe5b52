import { searchRounds, spreadOf, type SpeedResult, type SpeedSteps } from '../../../src/domain/evaluate/speed';
import type { AppErrorDetails } from '../../../src/domain/errors';
import type { Engine } from '../../engine/engine';
import { SearchTimer, searchTurns } from './searchSpeed';
import type { SpeedClock } from './speedClock';

export interface SearchDeps {
  /** Returns the engine of the open device, which changes when a failed device is opened again. */
  engine: () => Engine;
  clock: SpeedClock;
  /** Time planned for a search. */
  searchMs: (passages: number) => number;
  /** Returns the error of a search, after `clean`; null if it succeeds. Throws what ends the measurement. */
  failureOf: (work: () => Promise<void>, clean: () => void) => Promise<AppErrorDetails | null>;
}

type Searches = Required<Pick<SpeedResult, 'searches' | 'skipped' | 'failedSearches'>>;

/** Measures searches of synthetic vectors of each width in knowledge bases of each size. */
export async function measureSearches(
  widths: readonly number[],
  { passages, rounds }: SpeedSteps,
  deps: SearchDeps,
): Promise<Searches> {
  const found: Searches = { searches: [], skipped: [], failedSearches: [] };
  for (const count of passages) {
    const planned = deps.searchMs(count) / Math.max(1, widths.length);
    const step = { passages: count, rounds: searchRounds(count, rounds), planned };
    for (const together of searchTurns(deps.engine(), widths, count)) await searchInTurn(together, step, deps, found);
  }
  return found;
}

/** Searches vectors of several widths in turn, round by round. A search that fails is left out from then on. */
async function searchInTurn(
  widths: readonly number[],
  { passages, rounds, planned }: { passages: number; rounds: number; planned: number },
  { engine, clock, failureOf }: SearchDeps,
  found: Searches,
): Promise<void> {
  const doing = { what: 'search' as const, id: null, size: passages };
  const between = (done: number): Promise<void> => clock.during(doing, (planned * done) / passages);
  const timers = new Map<number, SearchTimer>();
  const orFail = async (dimension: number, work: () => Promise<void>): Promise<void> => {
    const error = await failureOf(work, () => timers.delete(dimension));
    if (error) found.failedSearches.push({ dimension, passages, error });
  };
  for (const width of widths)
    await orFail(width, async () => {
      await clock.during(doing);
      const opened = SearchTimer.open(engine(), width, passages);
      if (opened instanceof SearchTimer) timers.set(width, opened);
      else found.skipped.push(opened);
    });
  for (let round = -1; round < rounds; round++)
    for (const [width, timer] of [...timers])
      await orFail(width, async () => {
        await clock.during(doing);
        // The first search on a device is a warm-up that isn't counted.
        do await timer.round(engine(), between);
        while (timer.times.length <= round);
        if (round >= 0) clock.passed(planned);
      });
  for (const [dimension, { bytes, pieces, times }] of timers)
    found.searches.push({ dimension, passages, ms: spreadOf(times), bytes, pieces });
}
