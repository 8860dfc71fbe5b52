import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { candidateId, type Candidate } from '../../src/domain/evaluate/candidate';
import { pearson } from '../../src/domain/evaluate/correlation';
import type { AppErrorDetails } from '../../src/domain/errors';
import type { ScoredPair } from '../../src/domain/records';
import { listPairScores } from '../../src/storage/comparisons';
import type { Database } from '../../src/storage/database';
import { deleteUnused } from '../../src/storage/deleteUnused';
import { getExperiment, putExperiment } from '../../src/storage/experiments';
import { comparedPart, countTestUses } from '../../workers/services/evaluate/comparedPart';
import { compareModels } from '../../workers/services/evaluate/compareModels';
import { listCandidates } from '../../workers/services/evaluate/listCandidates';
import { comparedPairs, tableOfPairs } from '../../workers/services/evaluate/pairResults';
import { probeResults } from '../../workers/services/evaluate/probeResults';
import { scorePairs } from '../../workers/services/evaluate/scorePairs';
import { searchPassages } from '../../workers/services/evaluate/searchPassages';
import { DatasetWriter } from '../../workers/services/import/datasetWriter';
import { RunControl } from '../../workers/services/train/runControl';
import { wasmBase } from './environment';
import { prepared } from './smallRun';

const keywords: Candidate = { kind: 'keywords' };

function deps(db: Database, ended: (id: string, error: AppErrorDetails | null) => void = () => undefined) {
  const common = { db, control: new RunControl(), device: 'wasm' as const, wasmBaseUrl: wasmBase, ortBaseUrl: '' };
  return { ...common, progress: () => undefined, ended };
}

async function storePairs(db: Database, pairs: readonly Omit<ScoredPair, 'id'>[]): Promise<string> {
  const writer = await DatasetWriter.open('scoredPairs', 'pairs.csv');
  pairs.forEach((pair, row) => writer.add({ id: String(row), ...pair }));
  return (await writer.finish(db)).contentSha256;
}

async function compareOn(db: Database, comparedPairs: string): Promise<void> {
  const stored = await getExperiment(db, 'e');
  if (stored) await putExperiment(db, { ...stored, comparedPairs });
}

async function given() {
  const { db } = await prepared({}, { passages: 30 });
  const base = (await listCandidates(db, 'e')).find(({ candidate }) => candidate.kind === 'base')?.candidate;
  if (base?.kind !== 'base') throw new Error('no base model');
  const { questions } = await comparedPart(db, 'e', 'dev');
  return { db, base, questions };
}

describe('scored pairs', () => {
  it('get the cosine that a search gives their sentences, and BM25 of the second for the first', async () => {
    const { db, base, questions } = await given();
    const stored = await getExperiment(db, 'e');
    const knowledgeBase = stored?.experiment.data.find(({ role }) => role === 'knowledgeBase')?.contentSha256 ?? '';
    const asked = questions.slice(0, 4).map(({ text }) => text);
    const scored: ScoredPair[] = [];
    const expected: number[] = [];
    for (const [i, question] of asked.entries()) {
      const request = { knowledgeBase, model: base.model, question, relevant: [] };
      const { top } = await searchPassages(request, deps(db));
      const [first] = top;
      scored.push({ id: String(i), sentence1: question, sentence2: first?.text ?? '', score: i / 4 });
      expected.push(first?.score ?? 9);
    }
    await compareOn(db, await storePairs(db, scored));
    const ended = new Map<string, unknown>();
    const fused: Candidate = { kind: 'fused', dense: base };
    const request = { experimentId: 'e', candidates: [base, keywords, fused] };
    await scorePairs(
      request,
      deps(db, (id, error) => ended.set(id, error)),
    );
    expect([...ended]).toEqual([base, keywords].map((one) => [candidateId(one), null]));
    const ids = [candidateId(base), candidateId(keywords)];
    const { scores, rows, pairs } = await tableOfPairs(db, { experimentId: 'e', ids, baselineId: ids[1] ?? '' });
    const labels = Float64Array.from(pairs.labels);
    // The search sums in single precision.
    scores[0]?.scores.forEach((score, i) => expect(score).toBeCloseTo(expected[i] ?? 9, 5));
    expect(rows[0]?.pearson.value).toBeCloseTo(pearson(Float64Array.from(scores[0]?.scores ?? []), labels) ?? 9, 12);
    expect(scores[1]?.scores.every((score) => score >= 0)).toBe(true);
    expect((await comparedPairs(db, 'e'))?.ids.toSorted()).toEqual(ids.toSorted());
    expect(await countTestUses(db, 'e')).toBe(0);
    // Scores are kept, so a second call computes nothing.
    const before = await listPairScores(db, 'e');
    await scorePairs(request, deps(db));
    expect(await listPairScores(db, 'e')).toEqual(before);
  });

  it('of which training has the same two sentences are left out for all models', async () => {
    const { db } = await given();
    const trained = (await getExperiment(db, 'e'))?.experiment.data.find(({ role }) => role === 'pairs');
    const block = await db.get('datasetBlocks', [trained?.contentSha256 ?? '', 0]);
    const [pair] = (block?.rows ?? []) as { anchor: string; positive: string }[];
    const same = { sentence1: pair?.positive ?? '', sentence2: `${pair?.anchor ?? ''}？`, score: 1 };
    const other = { sentence1: '母猪产后不吃料', sentence2: '仔猪怎么保温', score: 0 };
    await compareOn(db, await storePairs(db, [same, other]));
    expect(await comparedPairs(db, 'e')).toMatchObject({ pairs: 1, trainedOn: 1, unchecked: 0 });
    // Without a pair that counts, there is nothing to score.
    const details = { kind: 'nothing-to-evaluate', part: 'pairs' };
    await compareOn(db, await storePairs(db, [same]));
    const request = { experimentId: 'e', candidates: [keywords] };
    await expect(scorePairs(request, deps(db))).rejects.toMatchObject({ details });
  });

  it('can’t be deleted while an experiment compares on them', async () => {
    const { db } = await given();
    const sha256 = await storePairs(db, [{ sentence1: '甲', sentence2: '乙', score: 0.5 }]);
    expect(await comparedPairs(db, 'e')).toBeNull();
    await compareOn(db, sha256);
    expect(await deleteUnused(db, 'dataset', [sha256])).toBe(false);
  });
});

describe('a probe set in a comparison', () => {
  it('is stored apart from dev, does not count as a use of test, and is hidden once the set has changed', async () => {
    const { db, base, questions } = await given();
    const set = { kind: 'experiment' as const, experimentId: 'e' };
    const request = { experimentId: 'e', part: 'probe' as const, probe: set, candidates: [base, keywords] };
    await compareModels(request, deps(db));
    const ids = [base, keywords].map(candidateId);
    const asked = { experimentId: 'e', probe: set, ids, k: 3, baselineId: candidateId(base) };
    const { facts, models } = await probeResults(db, asked);
    expect(facts.questions).toBe(questions.length);
    expect(models.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    // Models that are not in the table are left out before Holm's correction.
    const alone = await probeResults(db, { ...asked, ids: [candidateId(base)] });
    expect(alone.models.map(({ id }) => id)).toEqual([candidateId(base)]);
    const own = models.find(({ id }) => id === candidateId(base));
    expect(own?.baseline).toBeNull();
    expect(models.find(({ id }) => id !== candidateId(base))?.baseline).not.toBeNull();
    expect((await comparedPart(db, 'e', 'dev')).models).toEqual([]);
    await compareModels({ experimentId: 'e', part: 'dev', candidates: [base] }, deps(db));
    const [dev] = (await comparedPart(db, 'e', 'dev')).models;
    const hits = dev?.results.filter(({ ranks }) => (ranks[0] ?? Infinity) <= 3).length;
    expect(own?.hits).toBe(hits);
    expect(await countTestUses(db, 'e')).toBe(0);
    const stored = await getExperiment(db, 'e');
    if (!stored) throw new Error('no experiment');
    // Without dev questions of its own, other ones are held out from the pairs.
    const data = stored.experiment.data.filter(({ part }) => part !== 'dev');
    const split = { devFraction: 0.5, devMaximum: 4 };
    await putExperiment(db, { ...stored, experiment: { ...stored.experiment, data, split } });
    expect((await probeResults(db, asked)).models).toEqual([]);
  });
});
