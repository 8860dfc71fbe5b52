import 'fake-indexeddb/auto';
import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { bestBlend } from '../../src/domain/evaluate/blend';
import { blendMoment, probeMoment } from '../../src/domain/evaluate/blendMoment';
import { candidateId } from '../../src/domain/evaluate/candidate';
import { generalProbe } from '../../src/domain/evaluate/probe';
import type { RunRecord } from '../../src/domain/run';
import type { Database } from '../../src/storage/database';
import { getEvaluation, listBlends } from '../../src/storage/evaluations';
import { comparedPart } from '../../workers/services/evaluate/comparedPart';
import { compareModels } from '../../workers/services/evaluate/compareModels';
import { compareRun } from '../../workers/services/evaluate/compareRun';
import { evaluateBlends } from '../../workers/services/evaluate/evaluateBlends';
import { describeProbe } from '../../workers/services/evaluate/readProbe';
import { listCandidates } from '../../workers/services/evaluate/listCandidates';
import { RunControl } from '../../workers/services/train/runControl';
import { deps, finished } from './blendedRun';

describe('a blend as a candidate of a comparison', () => {
  const blendOf = ({ runId }: RunRecord, ratio: number) => ({ kind: 'blend' as const, runId, ratio });

  async function compared(db: Database, candidates: Parameters<typeof compareModels>[0]['candidates']) {
    const ended = vi.fn();
    await compareModels(
      { experimentId: 'e', part: 'dev', candidates },
      { ...deps(db), device: 'wasm', ortBaseUrl: '', ended },
    );
    return ended.mock.calls.map(([, error]: unknown[]) => error);
  }

  it('has the results of the evaluation of the same blend, and is listed by its ratio afterwards', async () => {
    const { db, run } = await finished();
    const ratios = [0.3, 0.62];
    expect(
      await compared(
        db,
        ratios.map((ratio) => blendOf(run, ratio)),
      ),
    ).toEqual([null, null]);
    await evaluateBlends(run.runId, { ratios, part: 'dev' }, deps(db));
    const { models } = await comparedPart(db, 'e', 'dev');
    const expected = await Promise.all(ratios.map((ratio) => getEvaluation(db, run.runId, 'dev', blendMoment(ratio))));
    const ranksOf = (results: readonly { ranks: readonly number[] }[] = []) => results.map(({ ranks }) => ranks);
    for (const [i, ratio] of ratios.entries()) {
      const own = models.find(({ id }) => id === candidateId(blendOf(run, ratio)));
      expect(own?.results).toHaveLength(6);
      expect(ranksOf(own?.results)).toEqual(ranksOf(expected[i]?.results));
    }
    expect(ranksOf(expected[0]?.results)).not.toEqual(ranksOf(expected[1]?.results));
    const listed = (await listCandidates(db, 'e')).flatMap(({ candidate, run: of }) =>
      candidate.kind === 'blend' ? [[candidate.ratio, of?.ratio]] : [],
    );
    expect(listed).toEqual(ratios.map((ratio) => [ratio, ratio]));
  });

  it('of a run with the best blend on dev is offered before it was compared', async () => {
    const { db, run } = await finished();
    expect((await listCandidates(db, 'e')).some(({ candidate }) => candidate.kind === 'blend')).toBe(false);
    await evaluateBlends(run.runId, { ratios: [0.5], part: 'dev' }, deps(db));
    const best = bestBlend(await listBlends(db, run.runId, 'dev'), run.experiment.evaluation.primary)?.ratio;
    const listed = (await listCandidates(db, 'e')).some(({ candidate }) => candidate.kind === 'blend');
    expect(listed).toBe(best === 0.5);
  });

  it('fails alone if its run was deleted', async () => {
    const { db, run } = await finished();
    const gone = { kind: 'blend' as const, runId: 'gone', ratio: 0.5 };
    expect(await compared(db, [gone, blendOf(run, 0.5)])).toMatchObject([{ kind: 'not-found', what: 'run' }, null]);
  });
});

describe('a probe set', () => {
  const app = 'http://127.0.0.1/app/';
  const folder = new URL('../../public/', import.meta.url);

  /** Serves the shipped files, and `changed` in place of the questions until it returns null. */
  function serve(changed: () => string | null) {
    const others = globalThis.fetch;
    return vi.spyOn(globalThis, 'fetch').mockImplementation((request, init) => {
      const url = request instanceof Request ? request.url : String(request);
      if (!url.startsWith(app)) return others(request, init);
      const file = readFileSync(new URL(url.slice(app.length), folder), 'utf8');
      return Promise.resolve(new Response(url.endsWith('questions.jsonl') ? (changed() ?? file) : file));
    });
  }

  it('is measured for base model, tuned weights and blends, and again only if it is another set', async () => {
    const { db, run } = await finished();
    let changed: string | null = 'not what was shipped';
    const fetched = serve(() => changed);
    const { runId } = run;
    const general = (ratios: number[]) => evaluateBlends(runId, { ratios, probe: { kind: 'general' } }, deps(db));
    await expect(general([0])).rejects.toMatchObject({ details: { kind: 'download-failed' } });
    changed = null;
    const stopped = new RunControl();
    const seen: number[] = [];
    const stop = (done: number): void => {
      seen.push(done);
      stopped.cancel();
    };
    const early = { ...deps(db), control: stopped, progress: stop };
    await expect(evaluateBlends(runId, { ratios: [0], probe: { kind: 'general' } }, early)).rejects.toMatchObject({
      details: { kind: 'cancelled' },
    });
    // Cancelled while tokenizing the passages.
    expect(seen.length).toBeGreaterThan(0);
    expect(Math.max(...seen)).toBeLessThanOrEqual(generalProbe.passages);
    await general([0, 1, 0.5]);
    const points = await listBlends(db, runId, 'probe', generalProbe.sha256);
    const { questions, passages } = generalProbe;
    expect(points.map(({ ratio }) => ratio)).toEqual([0, 0.5, 1]);
    for (const { metrics } of points) expect(metrics).toMatchObject({ questions, passages });
    const on = (sha256: string) => getEvaluation(db, runId, 'probe', probeMoment(0, sha256));
    const before = await on(generalProbe.sha256);
    expect(before?.probeSha256).toBe(generalProbe.sha256);
    await general([0]);
    expect(await on(generalProbe.sha256)).toEqual(before);
    expect(await compareRun(db, runId, [1], generalProbe.sha256)).toMatchObject([{ questions }]);
    fetched.mockRestore();

    // The questions of this experiment itself: the results equal those that the run has recorded.
    const own = { kind: 'experiment', experimentId: run.experimentId } as const;
    await evaluateBlends(runId, { ratios: [0], probe: own }, deps(db));
    const recorded = await getEvaluation(db, runId, 'dev', 'before');
    const { sha256 } = await describeProbe(db, own);
    expect((await on(sha256))?.results).toEqual(recorded?.results);
    expect(await compareRun(db, runId, [1], sha256)).toBeNull();
    // Another set replaces nothing.
    expect(await on(generalProbe.sha256)).toEqual(before);
    expect(await compareRun(db, runId, [1], generalProbe.sha256)).toMatchObject([{ questions }]);
  });
});
