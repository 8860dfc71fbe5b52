import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import { blendMoment } from '../../src/domain/evaluate/blendMoment';
import { sha256Hex } from '../../src/domain/hash';
import type { RunRecord } from '../../src/domain/run';
import type { ExportRequest } from '../../src/protocol/dataApi';
import { keptCheckpoint } from '../../src/storage/checkpoints';
import type { Database } from '../../src/storage/database';
import { getEvaluation, listBlends } from '../../src/storage/evaluations';
import { getModel } from '../../src/storage/models';
import { updateRun } from '../../src/storage/runs';
import { readTensors } from '../../src/storage/weightReader';
import { encodeBatch } from '../../workers/engine/model/encode';
import { ParameterStore } from '../../workers/engine/model/parameterStore';
import { closeDevice, deviceEngine, openDevice } from '../../workers/services/device/openDevice';
import { blendedWeights } from '../../workers/services/evaluate/blendedWeights';
import { evaluateBlends } from '../../workers/services/evaluate/evaluateBlends';
import { preparedData } from '../../workers/services/split/preparedData';
import { TextTokenizer } from '../../workers/services/tokenize/textTokenizer';
import { RunControl } from '../../workers/services/train/runControl';
import { encodeWithWeights } from '../../workers/services/report/encodeWithWeights';
import { wasmBase } from './environment';
import { deps, finished } from './blendedRun';
import { carriedOut } from './losingRun';

// tests/e2e/twoDevices.spec.ts checks the export in onnxruntime; here, only its files are read.
const checked = vi.hoisted(() => ({ vectors: [] as Float32Array[] }));
vi.mock('../../workers/services/report/embedWithOnnx', () => ({
  embedWithOnnx: () => Promise.resolve(checked.vectors),
}));
const { exportModel } = await import('../../workers/services/report/exportModel');

/** Interpolates all weights of a run directly from the definition, in one array per tensor. */
async function naiveBlend(db: Database, run: RunRecord, ratio: number): Promise<Map<string, Float32Array>> {
  const model = await getModel(db, run.experiment.model?.contentSha256 ?? '');
  if (!model) throw new Error('no model');
  const base = new Map<string, number[]>();
  for await (const [{ name }, values] of readTensors(db, model, model.tensors)) base.set(name, [...values]);
  const { weights } = await keptCheckpoint(db, run.runId);
  const blend = new Map<string, Float32Array>();
  for await (const [{ name }, values] of readTensors(db, weights, model.tensors))
    blend.set(
      name,
      Float32Array.from([...values].map((tuned, i) => (1 - ratio) * (base.get(name)?.[i] ?? NaN) + ratio * tuned)),
    );
  return blend;
}

/** Encodes every text separately with some weights. */
async function vectorsOf(db: Database, run: RunRecord, weights: Map<string, Float32Array>, texts: readonly string[]) {
  const model = await getModel(db, run.experiment.model?.contentSha256 ?? '');
  if (!model) throw new Error('no model');
  await openDevice('wasm', wasmBase);
  const parameters = new ParameterStore(deviceEngine(), model.tensors);
  for (const [name, values] of weights) parameters.write(name, values);
  const tokenizer = new TextTokenizer(model);
  const vectors: Float32Array[] = [];
  for (const text of texts) {
    const { ids } = tokenizer.encode(text, 12);
    const batch = { ids: Int32Array.from(ids), offsets: Uint32Array.of(0, ids.length) };
    vectors.push(await encodeBatch(parameters, model.config, batch, { pooling: 'mean', normalize: true }));
  }
  closeDevice();
  return vectors;
}

describe('a blend of the base model and a run', () => {
  it('has on dev the metrics of a naive search with interpolated weights, stored under its ratio', async () => {
    const { db, run } = await finished();
    await evaluateBlends(run.runId, { ratios: [0.3, 0.8], part: 'dev' }, deps(db));
    const points = await listBlends(db, run.runId, 'dev');
    expect(points.map(({ ratio }) => ratio)).toEqual([0, 0.3, 0.8, 1]);
    expect(new Set(points.map(({ metrics }) => metrics.mrrAt10)).size).toBeGreaterThan(1);
    const { knowledgeBase, dev } = await preparedData(db, run.experiment);
    for (const ratio of [0.3, 0.8]) {
      const weights = await naiveBlend(db, run, ratio);
      const passages = await vectorsOf(
        db,
        run,
        weights,
        knowledgeBase.map(({ text }) => text),
      );
      const questions = await vectorsOf(
        db,
        run,
        weights,
        dev.map(({ text }) => text),
      );
      const first = dev.map(({ relevant }, q) => {
        const scores = passages.map((passage) =>
          passage.reduce((sum, x, i) => sum + x * (questions[q]?.[i] ?? NaN), 0),
        );
        const best = Math.max(...scores.filter((_, p) => relevant.includes(knowledgeBase[p]?.id ?? '')));
        return 1 + scores.filter((score) => score > best).length;
      });
      const stored = await getEvaluation(db, run.runId, 'dev', blendMoment(ratio));
      expect(stored?.results.map(({ ranks }) => ranks[0])).toEqual(first);
      expect(stored?.metrics.hitRateAt10).toBe(first.filter((rank) => rank <= 10).length / dev.length);
    }
  });

  it('is the base model at 0 and the kept weights at 1, bit for bit', async () => {
    const { db, run } = await finished();
    const model = await getModel(db, run.experiment.model?.contentSha256 ?? '');
    if (!model) throw new Error('no model');
    const { weights } = await keptCheckpoint(db, run.runId);
    for (const [ratio, side] of [
      [0, model],
      [1, weights],
    ] as const) {
      const blended = blendedWeights(db, model, weights, ratio);
      for await (const [{ name }, values] of readTensors(db, side, model.tensors)) {
        const found = (await blended.next()).value;
        expect(found?.[0].name).toBe(name);
        expect(new Uint32Array(found?.[1].buffer ?? new ArrayBuffer(0))).toEqual(
          new Uint32Array(values.slice().buffer),
        );
      }
    }
  });

  it('keeps each evaluation that was done before a cancellation, and does not repeat it', async () => {
    const { db, run } = await finished();
    const control = new RunControl();
    const wanted = { ratios: [0.25, 0.5, 0.75], part: 'dev' } as const;
    const progress = (done: number, of: number): void => void (done > of / 2 && control.cancel());
    await expect(evaluateBlends(run.runId, wanted, { ...deps(db, control), progress })).rejects.toMatchObject({
      details: { kind: 'cancelled' },
    });
    const [kept] = (await listBlends(db, run.runId, 'dev')).slice(1, -1);
    expect(kept?.ratio).toBe(0.25);
    const before = await getEvaluation(db, run.runId, 'dev', blendMoment(0.25));
    const reports: [number, number][] = [];
    await evaluateBlends(run.runId, wanted, { ...deps(db), progress: (done, of) => reports.push([done, of]) });
    expect(await getEvaluation(db, run.runId, 'dev', blendMoment(0.25))).toEqual(before);
    expect((await listBlends(db, run.runId, 'dev')).map(({ ratio }) => ratio)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(reports.at(-1)).toEqual([2 * 66, 2 * 66]);
    expect(reports.map(([done]) => done)).toEqual(reports.map(([done]) => done).sort((a, b) => a - b));
  });

  it('is evaluated on test only when asked to, and each ratio once', async () => {
    const { db, run } = await finished();
    await evaluateBlends(run.runId, { ratios: [0.5], part: 'dev' }, deps(db));
    expect((await listBlends(db, run.runId, 'test')).map(({ ratio }) => ratio)).toEqual([0, 1]);
    await evaluateBlends(run.runId, { ratios: [0.5, 0, 1], part: 'test' }, deps(db));
    const once = await getEvaluation(db, run.runId, 'test', blendMoment(0.5));
    await evaluateBlends(run.runId, { ratios: [0.5], part: 'test' }, deps(db));
    expect(await getEvaluation(db, run.runId, 'test', blendMoment(0.5))).toEqual(once);
    expect((await listBlends(db, run.runId, 'test')).map(({ ratio }) => ratio)).toEqual([0, 0.5, 1]);
  });

  it('is refused for a run with a prefix, and for one on rows that have changed', async () => {
    const prefix = { strategy: { kind: 'prefix', tokens: 2, side: 'queries' } } as const;
    const trained = await carriedOut(() => false, {}, { stages: [prefix], passages: 60 });
    const wanted = { ratios: [0.5], part: 'dev' } as const;
    await expect(evaluateBlends(trained.record?.runId ?? '', wanted, deps(trained.db))).rejects.toMatchObject({
      details: { kind: 'blend-has-prefix', stage: 0 },
    });
    const { db, run } = await finished();
    await updateRun(db, run.runId, { rowsSha256: 'f'.repeat(64) });
    await expect(evaluateBlends(run.runId, wanted, deps(db))).rejects.toMatchObject({
      details: { kind: 'rows-changed' },
    });
  });
});

describe('the export of a blend', () => {
  it('has the interpolated weights, its ratio and results in the model card, and the ratio in experiment.json', async () => {
    const { db, run } = await finished();
    const ratio = 0.3;
    await evaluateBlends(run.runId, { ratios: [ratio], part: 'dev' }, deps(db));
    await evaluateBlends(run.runId, { ratios: [ratio], part: 'test' }, deps(db));
    const ids = [
      [1, 2, 3],
      [4, 5],
    ];
    const vectors = await encodeWithWeights(db, { runId: run.runId, ratio }, ids, wasmBase);
    const tuned = await encodeWithWeights(db, { runId: run.runId }, ids, wasmBase);
    expect(vectors).not.toEqual(tuned);
    checked.vectors = vectors;
    const request: ExportRequest = { runId: run.runId, ratio, reference: { texts: ['a', 'b'], vectors }, as: 'files' };
    const report = await exportModel(
      request,
      { db, ortBaseUrl: '', tokenize: () => Promise.resolve(ids) },
      () => undefined,
    );
    const fileOf = (path: string) => report.files.find((file) => file.path === path)?.blob ?? new Blob();
    const expected = await naiveBlend(db, run, ratio);
    const bytes = new Uint8Array(await fileOf('model.safetensors').arrayBuffer());
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<
      string,
      { data_offsets: [number, number] }
    >;
    for (const [name, values] of expected) {
      const [begin, end] = header[name]?.data_offsets ?? [0, 0];
      expect(new Float32Array(bytes.slice(8 + length + begin, 8 + length + end).buffer), name).toEqual(values);
    }
    const all = new Blob([...expected.values()].map((values) => values.slice()));
    expect(report.weightsSha256).toBe(await sha256Hex(await all.arrayBuffer()));
    expect(report.weightsSha256).not.toBe(run.weightsSha256);
    const card = await fileOf('README.md').text();
    expect(card).toContain('0.7 × base + 0.3 × tuned');
    expect(card).toContain(report.weightsSha256);
    expect(card).toContain('混合后 / Blend');
    const onTest = await getEvaluation(db, run.runId, 'test', blendMoment(ratio));
    expect(card).toContain(
      `| MRR@10 | ${(await getEvaluation(db, run.runId, 'test', 'before'))?.metrics.mrrAt10.toFixed(4)} | ${onTest?.metrics.mrrAt10.toFixed(4)} |`,
    );
    const stated = JSON.parse(await fileOf('experiment.json').text()) as { blend: object };
    expect(stated.blend).toEqual({ ratios: [ratio], export: ratio });
  });
});
