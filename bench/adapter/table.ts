import { kernelMs, kernelTimeRows, type KernelTime } from '../../src/domain/benchmark/kernelTime';
import type { AdapterBenchmark, EngineReport, EngineResult, StepResult, TimesResult } from './report';

/** PyTorch's precisions, in the order of the table's columns. */
const peerPrecisions = ['fp32', 'tf32', 'bf16'] as const;

/** Returns one table of all times, followed by the products, the tuning and the time by kernel of each engine. */
export function benchmarkTable(benchmark: AdapterBenchmark): string {
  const { engines, missing } = benchmark;
  return [
    ...engines.map(engineLine),
    '',
    ...aligned([header(engines), ...timeRows(benchmark)]),
    ...missing.map(({ what, reason }) => `not measured: ${what}: ${reason}`),
    ...engines.flatMap(({ runtime, failed, leftOut }) => [
      ...failed.map(({ task, reason }) => `failed in ${shortName(runtime)}: ${task}: ${reason}`),
      ...(leftOut.length > 0 ? [`left out in ${shortName(runtime)}, time was up: ${leftOut.join('; ')}`] : []),
    ]),
    ...engines.flatMap(({ runtime, results }) => results.flatMap((result) => details(shortName(runtime), result))),
  ].join('\n');
}

function engineLine({ adapter, runtime, kernels, size }: EngineReport): string {
  const { vendor, architecture, device, description } = adapter;
  const name = [vendor, architecture, device, description].filter(Boolean).join(', ');
  return `${name}; ${runtime}; kernels ${kernels}${size === 'tiny' ? '; tiny sizes, which measure nothing of interest' : ''}`;
}

function shortName(runtime: string): string {
  return runtime.startsWith('Dawn') ? 'Dawn' : 'browser';
}

function header(engines: readonly EngineReport[]): string[] {
  const columns = engines.flatMap(({ runtime }) => {
    const name = shortName(runtime);
    return [`${name} ms`, 'on the GPU', 'first', 'TFLOP/s'];
  });
  return ['', ...columns, ...peerPrecisions.map((precision) => `PyTorch ${precision}`)];
}

/** Returns a row per task. A task that only some engines measured has empty cells. */
function timeRows({ engines, peers }: AdapterBenchmark): string[][] {
  const tasks = new Map<string, string>();
  for (const { results } of engines)
    for (const result of results) if (result.kind !== 'products') tasks.set(result.task, titleOf(result));
  return [...tasks].map(([task, title]) => [
    title,
    ...engines.flatMap(({ results }) => timeCells(results.find((result) => result.task === task))),
    ...peerPrecisions.map((precision) => {
      const found = peers.find((peer) => peer.precision === precision && task.split(', ')[0] === peer.task);
      return found ? figure(found.medianMs) : '';
    }),
  ]);
}

function titleOf(result: EngineResult): string {
  if (result.kind === 'times') return `${result.task}: ${result.what}`;
  if (result.kind === 'tuning') return `tuning of ${result.rows.length} of ${result.shapes} products`;
  return result.task;
}

function timeCells(result: EngineResult | undefined): [string, string, string, string] {
  if (result?.kind === 'step' || result?.kind === 'times') {
    const gpu = result.profile ? figure(kernelMs(result.profile)) : 'no timestamps';
    const rate = result.kind === 'step' ? figure(result.gflops / 1000) : '';
    return [figure(result.medianMs), gpu, figure(result.firstMs), rate];
  }
  return [result?.kind === 'tuning' ? figure(result.ms) : '', '', '', ''];
}

function details(where: string, result: EngineResult): string[] {
  if (result.kind === 'products') {
    const best = Math.max(...result.rows.map(({ gflops }) => gflops));
    const rows = result.rows.map(({ name, ms, gflops }) => [name, figure(ms), figure(gflops), percent(gflops / best)]);
    return ['', ...aligned([[`products, ${where}`, 'ms', 'GFLOP/s', 'of the best'], ...rows])];
  }
  if (result.kind === 'tuning') {
    const rows = result.rows.map(({ name, gflops, defaultGflops }) => [name, figure(defaultGflops), figure(gflops)]);
    return ['', ...aligned([[`tuning, ${where}`, 'by rule, GFLOP/s', 'chosen, GFLOP/s'], ...rows])];
  }
  return ['', ...profileLines(where, result)];
}

function profileLines(where: string, { task, profile }: StepResult | TimesResult): string[] {
  if (!profile) return [`${task}, ${where}: no time by kernel, because the adapter has no timestamp queries`];
  return [`${task}, ${where}, by kernel`, ...kernelTable(profile)];
}

/** Returns the table of time by kernel. */
function kernelTable(profile: readonly KernelTime[]): string[] {
  const rows = kernelTimeRows(profile).map(({ name, count, ms, share, gigabytesPerSecond, teraflops }) => [
    name,
    String(count),
    figure(ms),
    percent(share, 1),
    figure(gigabytesPerSecond),
    teraflops > 0 ? figure(teraflops) : '',
  ]);
  return aligned([['kernel', 'count', 'ms', 'share', 'GB/s', 'TFLOP/s'], ...rows]);
}

function percent(share: number, digits = 0): string {
  return `${(100 * share).toFixed(digits)}%`;
}

/** Formats a number with about three digits. */
function figure(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return value.toFixed(digits);
}

/** Pads the cells of each column to the same width; all but the first column are aligned to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  return rows.map((row) =>
    widths
      .map((width, i) => (i === 0 ? (row[i] ?? '').padEnd(width) : (row[i] ?? '').padStart(width)))
      .join('  ')
      .trimEnd(),
  );
}
