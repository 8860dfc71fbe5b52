import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectReport, type Comparison } from './expectReport';
import { command, cutDemo, type Ended } from './runner';
import { expect, test } from './support';
import { encodeInTransformersJs } from './transformersJs';

const minute = 60_000;

interface StepLine {
  step: number;
  loss: number;
  lr: number;
  gradientNorm: number;
  tokens: number;
  ms: number;
}

function steps(out: string): StepLine[] {
  const lines = readFileSync(join(out, 'events.jsonl'), 'utf8').trim().split('\n');
  return lines
    .map((line) => JSON.parse(line) as StepLine & { type?: string })
    .filter((line) => line.type === undefined);
}

function cosine(a: number[], b: number[]): number {
  const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * (y[i] ?? NaN), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

interface Metrics {
  before: Record<string, number>;
  after: Record<string, number>;
  ranksAfter: Record<string, number[]>;
  split: Record<string, unknown>;
  findings: { kind: string; severity: string }[];
  environment: { device: { backend: string } };
  export: { reference: { texts: string[]; vectors: number[][] } };
}

/** Checks what a run of the cut demo on a device has written and printed. Returns its metrics. */
function expectResults(folder: string, device: string, ended: Ended): Metrics {
  const out = join(folder, device);
  expect(ended.code, ended.stdout).toBe(0);
  const metrics = JSON.parse(readFileSync(join(out, 'metrics.json'), 'utf8')) as Metrics;
  expect(metrics.findings.map(({ kind }) => kind)).toContain('fewSteps');
  const severities = metrics.findings.map(({ severity }) => (severity === 'warns' ? 'warning:' : 'advice:'));
  const printed = ended.stderr.trim().split('\n');
  expect(printed.map((line) => line.split(' ')[0])).toEqual(severities);
  expect(metrics.environment.device.backend).toBe(device);
  expect(metrics.before['passages']).toBe(40);
  expect(Object.keys(metrics.ranksAfter).length).toBe(metrics.after['questions']);
  const pairs = readFileSync(join(folder, 'pairs.jsonl'), 'utf8').trim().split('\n').length;
  expect(metrics.split).toMatchObject({
    train: pairs - 1,
    dev: 0,
    test: metrics.after['questions'],
    leaks: { exact: 0, normalised: 1 },
    devInTest: 0,
    nearDuplicates: { count: 0, removed: false },
    unknownAnswers: 0,
  });
  expect(metrics.split['first']).toMatchObject([{ kind: 'normalised', from: 'train', part: 'test' }]);
  for (const file of ['model.safetensors', 'onnx/model.onnx', 'README.md'])
    expect(existsSync(join(out, 'export', file)), file).toBe(true);
  expect(steps(out).map(({ step }) => step)).toEqual([1, 2, 3, 4, 5]);
  for (const line of steps(out))
    for (const name of ['loss', 'lr', 'gradientNorm', 'tokens', 'ms'] as const) expect(line[name]).toBeGreaterThan(0);
  return metrics;
}

test('the losses on wasm and software WebGPU agree within 1%, and transformers.js loads the export', async ({
  page,
}) => {
  test.setTimeout(14 * minute);
  const folder = await cutDemo();
  const runOn = (device: string): Promise<Ended> => {
    const file = join(folder, 'experiment.json');
    return command('experiment.mjs', file, '--out', join(folder, device), '--device', device, '--software-webgpu');
  };
  // Software WebGPU compiles on one core, so the wasm run can use the other.
  const [onWasm, onWebGpu] = await Promise.all([runOn('wasm'), runOn('webgpu')]);
  const { export: exported, ranksAfter } = expectResults(folder, 'wasm', onWasm);
  const { texts, vectors } = exported.reference;
  expectResults(folder, 'webgpu', onWebGpu);

  // transformers.js drops [SEP] when it cuts a text, so only texts that fit can agree.
  const fitting = texts.flatMap((text, i) => (text.length <= 28 ? [i] : []));
  expect(fitting.length).toBeGreaterThanOrEqual(4);
  const fittingTexts = fitting.map((i) => texts[i] ?? '');
  const found = await encodeInTransformersJs(page, join(folder, 'wasm/export'), fittingTexts);
  fitting.forEach((i, at) => {
    expect(cosine(found[at] ?? [], vectors[i] ?? []), texts[i]).toBeGreaterThanOrEqual(0.99999);
  });

  const losses = (device: string): number[] => steps(join(folder, device)).map(({ loss }) => loss);
  const expected = losses('wasm');
  for (const [i, loss] of losses('webgpu').entries())
    expect(Math.abs(loss - (expected[i] ?? NaN)), `step ${i + 1}`).toBeLessThanOrEqual(0.01 * (expected[i] ?? NaN));

  // Both runs began with the same model, so their comparison has it once, unless a rank differs between the devices.
  const [wasm, webgpu, out] = [join(folder, 'wasm'), join(folder, 'webgpu'), join(folder, 'compared')];
  const compared = await command('compare.mjs', wasm, webgpu, '--out', out, '--k', '3');
  expect(compared.code, compared.stderr).toBe(0);
  const { models, part, k } = JSON.parse(readFileSync(join(out, 'metrics.json'), 'utf8')) as Comparison;
  expect({ part, k }).toEqual({ part: 'test', k: 3 });
  expect(models.map(({ name }) => name).slice(-2)).toEqual(['wasm', 'webgpu']);
  expect(models[0]?.name).toContain('demo-zh');
  expect(models.at(-2)?.ranks).toEqual(ranksAfter);
  await expectReport(out, models);
  await expectReport(wasm, []);
});
