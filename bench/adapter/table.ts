import { kernelMs, kernelTimeRows, type KernelTime } from '../../src/domain/benchmark/kernelTime';
import type { AdapterReport, AdapterResult, PeerResult, StepResult } from './report';

const peers = ['fp32', 'tf32', 'bf16'] as const;

/** Returns the report as one table, followed by the products and the time by kernel. */
export function reportText(report: AdapterReport): string {
  const { adapter, results } = report;
  const parts = [
    [adapter.vendor, adapter.architecture, adapter.device, adapter.description].filter(Boolean).join(', '),
    `${report.runtime}; kernels ${report.kernels}${report.size === 'tiny' ? '; tiny sizes, for a software adapter' : ''}`,
    '',
    ...aligned([['', 'ms', 'GPU ms', 'first ms', 'TFLOP/s', ...peers.map((name) => `PyTorch ${name}`)], ...taskRows(report)]),
  ];
  for (const { task, reason } of report.failed) parts.push(`failed: ${task}: ${reason}`);
  if (report.leftOut.length > 0) parts.push(`left out, time was up: ${report.leftOut.join('; ')}`);
  for (const result of results) parts.push(...details(result));
  return parts.join('\n');
}

function taskRows({ results }: AdapterReport): string[][] {
  const times = results.filter(({ kind }) => kind === 'peer') as PeerResult[];
  const peersOf = (task: string): string[] =>
    peers.map((precision) => {
      const found = times.find((peer) => peer.precision === precision && task.startsWith(peer.task));
      return found ? figure(found.medianMs) : '';
    });
  const rows: string[][] = [];
  for (const result of results)
    if (result.kind === 'step') {
      const gpu = result.profile ? figure(kernelMs(result.profile)) : '–';
      const name = `${result.task}${result.plan === 'tuned' && !result.task.includes('tuned') ? ', tuned' : ''}`;
      rows.push([name, figure(result.medianMs), gpu, figure(result.firstMs), rate(result.gflops), ...peersOf(result.task)]);
    } else if (result.kind === 'times')
      rows.push([`${result.task}: ${result.what}`, figure(result.medianMs), '', figure(result.firstMs), '', ...peersOf(result.task)]);
    else if (result.kind === 'tuning')
      rows.push([`tuning of ${result.rows.length} of ${result.shapes} products`, figure(result.ms)]);
  return rows;
}

function details(result: AdapterResult): string[] {
  if (result.kind === 'products') {
    const best = Math.max(...result.rows.map(({ gflops }) => gflops));
    const rows = result.rows.map(({ name, ms, gflops }) => [
      name,
      figure(ms),
      figure(gflops),
      `${((100 * gflops) / best).toFixed(0)}%`,
    ]);
    return ['', ...aligned([['products', 'ms', 'GFLOP/s', 'of the best'], ...rows])];
  }
  if (result.kind === 'tuning') {
    const rows = result.rows.map(({ name, gflops, defaultGflops }) => [name, figure(defaultGflops), figure(gflops)]);
    return ['', ...aligned([['tuning', 'rule GFLOP/s', 'chosen'], ...rows])];
  }
  return result.kind === 'step' ? ['', ...profileLines(result)] : [];
}

function profileLines({ task, profile }: StepResult): string[] {
  if (!profile) return [`${task}: no time by kernel, because the adapter has no timestamp queries`];
  return [`${task}, by kernel`, ...kernelTable(profile)];
}

/** Returns the table of time by kernel. */
export function kernelTable(profile: readonly KernelTime[]): string[] {
  const rows = kernelTimeRows(profile).map(({ name, count, ms, share, gigabytesPerSecond, teraflops }) => [
    name,
    String(count),
    figure(ms),
    `${(100 * share).toFixed(1)}%`,
    figure(gigabytesPerSecond),
    teraflops > 0 ? figure(teraflops) : '',
  ]);
  return aligned([['kernel', 'count', 'ms', 'share', 'GB/s', 'TFLOP/s'], ...rows]);
}

function rate(gflops: number): string {
  return figure(gflops / 1000);
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(value >= 1 ? 2 : 3);
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
