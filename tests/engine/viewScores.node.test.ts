import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import { candidateId, type Candidate, type DenseCandidate } from '../../src/domain/evaluate/candidate';
import { answersOf } from '../../src/domain/evaluate/questionScores';
import { chooseThreshold, figuresAt } from '../../src/domain/evaluate/threshold';
import type { QuestionPart } from '../../src/domain/records';
import { listComparisons } from '../../src/storage/comparisons';
import type { Database } from '../../src/storage/database';
import { readRows, writeDatasetBlock } from '../../src/storage/datasets';
import { getEvaluation } from '../../src/storage/evaluations';
import { listCandidates } from '../../workers/services/evaluate/candidates';
import { compareModels } from '../../workers/services/evaluate/compareModels';
import { comparedData } from '../../workers/services/evaluate/comparedData';
import { comparedPart } from '../../workers/services/evaluate/comparedPart';
import { keepThresholds, viewScores } from '../../workers/services/evaluate/viewScores';
import * as preparing from '../../workers/services/split/preparedData';
import { RunControl } from '../../workers/services/train/runControl';
import { wasmBase } from './environment';
import { carriedOut } from './losingRun';
import { prepared } from './smallRun';

const f1 = { by: 'f1' } as const;

/** Adds questions without an answer to the dev questions of the small run. */
async function addUnanswered(db: Database): Promise<void> {
  const rows = await readRows(db, 'questions', 'd'.repeat(64));
  const texts = ['w1 w2 w3', 'w5 w6'];
  const more = texts.map((text, i) => ({ id: `u${i}`, text, relevant: [] }));
  await writeDatasetBlock(db, 'd'.repeat(64), 0, [...rows, ...more], '');
}

async function score(
  db: Database,
  candidates: readonly Candidate[],
  part: QuestionPart,
  runId?: string,
): Promise<void> {
  await compareModels(
    { experimentId: 'e', part, candidates, ...(runId === undefined ? {} : { runId }) },
    {
      db,
      control: new RunControl(),
      device: 'wasm',
      wasmBaseUrl: wasmBase,
      progress: () => undefined,
      ended: (_, error) => {
        if (error) throw new Error(error.kind);
      },
    },
  );
}

async function base(db: Database): Promise<DenseCandidate> {
  const found = (await listCandidates(db, 'e')).find(({ candidate }) => candidate.kind === 'base')?.candidate;
  if (found?.kind !== 'base') throw new Error('no base model');
  return found;
}

describe('the scores of a base model before any training', () => {
  it('are those of its results, and questions without an answer count as wrong ones', async () => {
    const { db } = await prepared({}, { passages: 30 });
    await addUnanswered(db);
    const owner = { experimentId: 'e', runId: null };
    expect((await viewScores(db, owner, f1)).models).toMatchObject([
      { moment: 'before', threshold: null, parts: { dev: null, test: null }, kept: null },
    ]);
    await score(db, [await base(db)], 'dev');
    const { models, questions } = await viewScores(db, owner, f1);
    expect(questions).toEqual({ dev: { answered: 6, unanswered: 2 }, test: { answered: 9, unanswered: 0 } });
    const [model] = models;
    const [stored] = await listComparisons(db, 'e');
    const scores = stored?.scores ?? [];
    expect(scores.map(({ questionId, right }) => [questionId, right.length > 0])).toEqual(
      ['d0', 'd1', 'd2', 'd3', 'd4', 'd5', 'u0', 'u1'].map((id) => [id, id.startsWith('d')]),
    );
    for (const [i, { ranks, top }] of (stored?.results ?? []).entries()) {
      expect(scores[i]?.first.passageId).toBe(top[0]?.passageId);
      expect(scores[i]?.first.score).toBeCloseTo(top[0]?.score ?? NaN, 6);
      expect(scores[i]?.first.right).toBe(ranks[0] === 1);
    }
    const answers = answersOf(scores);
    const threshold = chooseThreshold(answers, f1);
    expect(model?.threshold).toBe(threshold);
    if (threshold !== null) expect(model?.parts.dev?.figures).toEqual(figuresAt(answers, threshold));
    expect(model?.parts.dev?.rows.map((row) => row.score)).toEqual(
      scores.map(({ first }) => first.score).sort((a, b) => b - a),
    );
    expect(model?.parts.dev?.rows.filter(({ answerable }) => !answerable)).toHaveLength(2);
    expect(await keepThresholds(db, owner, f1)).toBe(0);
  });

  it('are computed again for results that an earlier version stored without them', async () => {
    const { db } = await prepared({}, { passages: 30 });
    const own = await base(db);
    await score(db, [own], 'dev');
    const [stored] = await listComparisons(db, 'e');
    if (!stored) throw new Error('nothing stored');
    const { scores, results, ...rest } = stored;
    const earlier = { ...rest, results: results.map(({ rightScore: _, ...result }) => result) };
    await db.put('comparisons', earlier);
    expect((await comparedPart(db, 'e', 'dev')).models.map((model) => model.results)).toEqual([earlier.results]);
    await score(db, [own], 'dev');
    expect((await listComparisons(db, 'e')).map((one) => one.scores)).toEqual([scores]);
    // The table shows the new results, with the speed measured before the vectors were stored.
    expect(stored.passagesPerSecond).toBeGreaterThan(0);
    const { passagesPerSecond } = stored;
    expect((await comparedPart(db, 'e', 'dev')).models).toMatchObject([{ results, passagesPerSecond }]);
  });

  it('are shown for both parts without reading their data again', async () => {
    const { db } = await prepared({}, { passages: 30 });
    const read = vi.spyOn(preparing, 'preparedData');
    const owner = { experimentId: 'e', runId: null };
    for (const share of [0.8, 0.9]) await viewScores(db, owner, { by: 'precision', share });
    expect(read).toHaveBeenCalledTimes(1);
    read.mockRestore();
  });
});

describe('the threshold of a finished run', () => {
  it('is chosen on dev, shown on test, and stored with the evaluations of both models', async () => {
    const { db, record } = await carriedOut(() => false, {}, { stages: [{}], passages: 30 });
    const runId = record?.runId ?? '';
    const owner = { experimentId: 'e', runId };
    const kept: DenseCandidate = { kind: 'run', runId, weights: 'kept' };
    const candidates = [await base(db), kept];
    // What counts is the run's own data, not the experiment's current data.
    const experiment = await db.get('experiments', 'e');
    if (!experiment) throw new Error('no experiment');
    await db.put('experiments', { ...experiment, experiment: { ...experiment.experiment, seed: 99, data: [] } });
    await score(db, candidates, 'dev', runId);
    const rule = { by: 'rejection', share: 0.5 } as const;
    expect(await keepThresholds(db, owner, rule)).toBe(2);
    const onDev = await getEvaluation(db, runId, 'dev', 'after');
    expect(onDev?.threshold).toMatchObject({ rule, test: null });
    await score(db, candidates, 'test', runId);
    await keepThresholds(db, owner, rule);
    const { models } = await viewScores(db, owner, rule);
    // The scores of test, on which the rule would choose another threshold, move none.
    const after = models.find(({ moment }) => moment === 'after');
    expect(after?.threshold).toBe(onDev?.threshold?.value);
    expect(chooseThreshold(after?.parts.test?.rows ?? [], rule)).not.toBe(after?.threshold);
    expect(models.map(({ candidate }) => candidateId(candidate))).toEqual(candidates.map(candidateId));
    for (const { moment, threshold, parts, kept: own } of models) {
      const stored = (await getEvaluation(db, runId, 'dev', moment))?.threshold;
      expect(stored).toEqual(own);
      expect(stored).toMatchObject({ value: threshold, dev: parts.dev?.figures, test: parts.test?.figures });
      const { rows, figures } = parts.test ?? { rows: [], figures: null };
      expect(rows.filter((row) => row.score >= (threshold ?? NaN))).toHaveLength(figures?.answered ?? -1);
    }
    const data = await comparedData(db, owner, 'test');
    expect(data.questions).toHaveLength(9);
  });
});
