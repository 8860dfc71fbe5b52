import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/domain/errors';
import type { ExperimentModel } from '../../src/domain/experiment';
import { sha256OfTexts } from '../../src/domain/hash';
import { abovePositive } from '../../src/domain/negatives/abovePositive';
import { withDecision } from '../../src/domain/negatives/decide';
import { JudgedPairs } from '../../src/domain/negatives/judgedPairs';
import { withoutMargin } from '../../src/domain/train/negativesSchema';
import { minedBytes } from '../../src/storage/minedNegatives';
import { mineNegatives } from '../../workers/services/negatives/mineNegatives';
import { negativesOfStages } from '../../workers/services/negatives/stageNegatives';
import { exportTriplets, listNegatives, viewNegatives } from '../../workers/services/negatives/viewNegatives';
import { preparedData } from '../../workers/services/split/preparedData';
import { storageUse } from '../../workers/services/storage/storageUse';
import { createRun } from '../../workers/services/train/createRun';
import { RunControl } from '../../workers/services/train/runControl';
import { wasmBase } from './environment';
import { storeModel } from './smallRun';
import { mined, naiveScores, withMined } from './minedNegatives';

const detailsOf = (thrown: unknown): unknown => (thrown instanceof AppError ? thrown.details : thrown);

describe('mined negatives', () => {
  it('are the passages that a naive search finds in the rank range below the margin', async () => {
    const given = await withMined();
    const seen: [number, number][] = [];
    await given.mine(new RunControl(), (done, of) => seen.push([done, of]));
    const negatives = await given.chosen();
    const { pairs } = await preparedData(given.db, given.experiment);
    let compared = 0;
    for (const [row, { positive, scores }] of (await naiveScores(given)).entries()) {
      const ranked = [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
      const bound = positive * (1 - (mined.relativeMargin ?? 0));
      const allowed = ranked
        .slice(mined.firstRank - 1, mined.lastRank)
        .filter((at) => (scores[at] ?? 0) <= bound && !negatives.answers.exclusionOf(row, negatives.pool[at] ?? ''));
      const distinct = allowed.filter(
        (at, i) => allowed.findIndex((other) => negatives.pool[other] === negatives.pool[at]) === i,
      );
      if (distinct.length < 3) continue;
      compared += 1;
      const { positives, ranks, negatives: found } = negatives.scores ?? {};
      expect(positives?.[row]).toBeCloseTo(positive, 5);
      for (const at of [3 * row, 3 * row + 1, 3 * row + 2]) {
        const passage = negatives.chosen[at] ?? 0;
        expect(found?.[at]).toBeCloseTo(scores[passage] ?? NaN, 5);
        expect(ranked[(ranks?.[at] ?? 0) - 1]).toBe(passage);
      }
      expect(Array.from(negatives.chosen.subarray(3 * row, 3 * row + 3))).toEqual(distinct.slice(0, 3));
    }
    expect(compared).toBeGreaterThan(10);
    expect(compared + negatives.refilledRows).toBe(pairs.length);
    expect(negatives.excluded.margin).toBeGreaterThan(0);
    expect(negatives.scores?.candidates).toBe((mined.lastRank - mined.firstRank + 1) * pairs.length);
    expect(seen.at(-1)?.[0]).toBe(seen.at(-1)?.[1]);
  });

  it('have to be mined before a run, are mined once, and are listed in the storage screen', async () => {
    const { db, mine } = await withMined();
    const request = { device: 'wasm', budgetBytes: null } as const;
    const refused = await createRun(db, 'e', request, 'test').catch((thrown: unknown) => thrown);
    expect(detailsOf(refused)).toEqual({ kind: 'negatives-not-mined', stage: 0 });
    await mine();
    const [stored] = await db.getAll('minedNegatives');
    let reports = 0;
    await mine(new RunControl(), () => (reports += 1));
    expect(reports).toBe(0);
    const runId = await createRun(db, 'e', request, 'test');
    expect((await db.get('runs', runId))?.negatives).toMatchObject([{ from: 'mined', perAnchor: 3 }]);
    const item = (await storageUse(db)).find(({ kind }) => kind === 'minedNegatives');
    expect(item).toMatchObject({ ids: [stored?.key], bytes: stored && minedBytes(stored), usedBy: ['e'] });
  });

  it('are those of the stored model that the stage names, with its settings, and refused if it is not stored', async () => {
    const other: ExperimentModel = {
      contentSha256: 'f'.repeat(64),
      pooling: 'mean',
      normalize: true,
      maxTokens: 10,
      queryPrefix: 'w1 ',
      passagePrefix: 'w2 w3 ',
    };
    const given = await withMined({ ...mined, model: other }, [{ negatives: mined }]);
    const refused = await given.mine().catch((thrown: unknown) => thrown);
    expect(detailsOf(refused)).toEqual({ kind: 'miner-missing', stage: 0, contentSha256: other.contentSha256 });
    await storeModel(given.db, { contentSha256: other.contentSha256, seed: 9 });
    await given.mine();
    const data = await preparedData(given.db, given.experiment);
    const [byOther, byBase] = await negativesOfStages(given.db, given.experiment, data);
    expect(byOther?.chosen).not.toEqual(byBase?.chosen);
    for (const [negatives, settings] of [
      [byOther, other],
      [byBase, given.experiment.model],
    ] as const) {
      let compared = 0;
      for (const [row, { positive, scores }] of (await naiveScores(given, settings)).entries()) {
        expect(negatives?.scores?.positives[row]).toBeCloseTo(positive, 5);
        const ranked = [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
        for (const at of [3 * row, 3 * row + 1, 3 * row + 2]) {
          const rank = negatives?.scores?.ranks[at] ?? 0;
          if (rank === 0) continue;
          expect(ranked[rank - 1]).toBe(negatives?.chosen[at]);
          compared += 1;
        }
      }
      expect(compared).toBeGreaterThan(10);
    }
    const models = (await storageUse(given.db)).filter(({ kind }) => kind === 'model');
    expect(models.map(({ usedBy }) => usedBy)).toEqual([['e'], ['e']]);
  });

  it('are those of the base model even if a later stage trains a prefix', async () => {
    const [plain, prefixed] = [
      await withMined(),
      await withMined(mined, [{ strategy: { kind: 'prefix', tokens: 2, side: 'both' } }]),
    ];
    for (const { mine } of [plain, prefixed]) await mine();
    const [expected, found] = [await plain.chosen(), await prefixed.chosen()];
    expect(found.chosen).toEqual(expected.chosen);
    expect(found.scores).toEqual(expected.scores);
  });

  it('count as missing if their stored bytes are damaged', async () => {
    const { db, mine, chosen } = await withMined();
    await mine();
    const [stored] = await db.getAll('minedNegatives');
    if (!stored) throw new Error('nothing is stored');
    await db.put('minedNegatives', { ...stored, chosen: new Int32Array(stored.chosen.byteLength / 4).buffer });
    expect(detailsOf(await chosen().catch((thrown: unknown) => thrown))).toMatchObject({ kind: 'negatives-not-mined' });
  });

  it('are replaced by random passages where the user has dropped them, without mining again', async () => {
    const given = await withMined();
    await given.mine();
    const before = await given.chosen();
    const { pairs } = await preparedData(given.db, given.experiment);
    const at = before.scores?.ranks.findIndex((rank) => rank > 0) ?? -1;
    const row = Math.floor(at / 3);
    const passage = before.pool[before.chosen[at] ?? 0] ?? '';
    const ids = new JudgedPairs([], true, await sha256OfTexts());
    const dropped = [ids.idOf(pairs[row]?.anchor ?? '', passage)];
    const [stage] = given.experiment.stages;
    if (!stage) throw new Error('no stage');
    const experiment = { ...given.experiment, stages: [{ ...stage, negatives: { ...mined, dropped } }] };
    const [after] = await negativesOfStages(given.db, experiment, await preparedData(given.db, experiment));
    const texts = (of: typeof before | null | undefined, one: number) =>
      Array.from(of?.chosen.subarray(3 * one, 3 * one + 3) ?? [], (index) => of?.pool[index]);
    expect(texts(after, row)).toHaveLength(3);
    expect(texts(after, row)).not.toContain(passage);
    for (const other of pairs.keys()) if (other !== row) expect(texts(after, other)).toEqual(texts(before, other));
    expect(after?.excluded.judged).toBe(1);
    expect(after?.refilled).toBe(before.refilled + 1);
    expect(after?.scores?.ranks[3 * row + 2]).toBe(0);
  });

  it('are shown with scores, suspects and samples, which stay the same when one is dropped', async () => {
    const { db, experiment, mine, chosen } = await withMined();
    await mine();
    const { excluded, scores, chosen: indexes, pool } = await chosen();
    const view = await viewNegatives(db, experiment, 0);
    const { pairs } = await preparedData(db, experiment);
    expect(view.suspects).toEqual({ found: excluded.margin, of: scores?.candidates });
    const counted = view.bins?.lists.map((bins) => bins.reduce((sum, count) => sum + count, 0));
    const withRank = scores?.ranks.filter((rank) => rank > 0).length;
    expect(counted).toEqual([pairs.length, withRank, pairs.length]);
    expect(view.samples).toHaveLength(Math.min(50, withRank ?? 0));
    expect(view.samples.every(({ negative }) => negative.rank !== null && negative.score !== null)).toBe(true);

    const [sample] = view.samples;
    if (!sample) throw new Error('no sample');
    const dropped = withDecision(experiment, 0, { id: sample.id, keep: false });
    const after = await viewNegatives(db, dropped, 0);
    expect(after.samples).toEqual(view.samples);
    expect(after.excluded.judged).toBe(1);
    const rows = await listNegatives(db, dropped, 0, { first: 0, count: 100 });
    expect(rows.map(({ pairId }) => pairId)).toEqual(pairs.map(({ id }) => id));
    const row = rows.find(({ anchor }) => anchor === sample.anchor);
    expect(row?.negatives.map(({ text }) => text)).not.toContain(sample.negative.text);

    const lines = (await (await exportTriplets(db, experiment, 0, 'jsonl')).text()).trimEnd().split('\n');
    const first = Array.from(indexes.subarray(0, 3), (index) => pool[index]);
    expect(lines).toHaveLength(pairs.length);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      anchor: pairs[0]?.anchor,
      positive: pairs[0]?.positive,
      negatives: first,
    });
  });

  it('are refused if a rank is beyond the knowledge base', async () => {
    const { mine } = await withMined({ ...mined, lastRank: 301 });
    expect(detailsOf(await mine().catch((thrown: unknown) => thrown))).toMatchObject({
      kind: 'experiment-invalid',
      path: 'stages.0.negatives.lastRank',
      found: '301',
    });
  });

  it('are not stored if mining is cancelled', async () => {
    const { db, mine } = await withMined();
    const control = new RunControl();
    const mining = mine(control, () => control.cancel());
    expect(detailsOf(await mining.catch((thrown: unknown) => thrown))).toEqual({ kind: 'cancelled' });
    expect(await db.count('minedNegatives')).toBe(0);
  });

  it('of trials are found by one search, and the run of a trial is evaluated on dev only', async () => {
    const { db, experiment } = await withMined();
    const [stage] = experiment.stages;
    if (!stage) throw new Error('no stage');
    const trials = [withoutMargin(mined), mined].map((negatives) => ({
      ...experiment,
      stages: [{ ...stage, negatives }],
    }));
    const seen: [number, number][] = [];
    const progress = (done: number, of: number): void => void seen.push([done, of]);
    await mineNegatives('e', trials, {
      db,
      control: new RunControl(),
      device: 'wasm',
      wasmBaseUrl: wasmBase,
      progress,
    });
    // With a second search, the progress would start again.
    expect(seen).toEqual([...seen].sort(([a], [b]) => a - b));
    for (const trial of trials) {
      const [negatives] = await negativesOfStages(db, trial, await preparedData(db, trial));
      expect(negatives?.scores).toBeDefined();
    }
    const [unfiltered] = await negativesOfStages(db, trials[0] ?? experiment, await preparedData(db, experiment));
    expect(unfiltered?.excluded.margin).toBe(0);
    expect(unfiltered && abovePositive(unfiltered)?.above).toBeGreaterThan(0);
    const runId = await createRun(db, 'e', { device: 'wasm', budgetBytes: null }, 'test', trials[0]);
    expect(await db.get('runs', runId)).toMatchObject({ experimentId: 'e', trial: true, experiment: trials[0] });
  });
});
