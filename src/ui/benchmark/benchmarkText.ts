import type { BenchmarkResult } from '../../domain/benchmark/benchmark';
import type { Dictionary } from '../i18n/en';
import { formatBytes, formatCount, formatDuration, formatFigure, formatPercent } from '../i18n/format';
import { deviceText } from '../train/deviceText';

/** What a person copies to report a device: one fact a line. */
export function benchmarkText(
  dictionary: Dictionary,
  result: BenchmarkResult,
  expected: { name: string; ms: number } | null,
  build: string,
): string {
  const t = dictionary.benchmark;
  const lines = [
    `${t.title} · ${build}`,
    deviceText(dictionary, result.device),
    result.browser,
    `${t.peak}: ${formatFigure(result.peakGflops)} GFLOP/s`,
  ];
  if (result.measured > 0) {
    lines.push(`${t.fixed}: ${formatFigure(result.fixedGflops)} GFLOP/s`);
    lines.push(`${t.measured(result.measured)}; ${result.subgroups ? t.withSubgroups : t.withoutSubgroups}`);
  }
  for (const step of result.steps)
    lines.push(
      `${t.shapes[step.shape]}: ${t.stepOf(step.pairs, step.tokens)}, ${formatFigure(step.stepMs)} ms` +
        (step.layersRun < step.layers ? ` (${t.someLayers(step.layersRun, step.layers)})` : '') +
        `, ${t.ways[step.way]}` +
        `; ${formatFigure(step.gflops)} GFLOP/s, ${formatPercent(step.gflops / result.peakGflops, 0)} ${t.ofPeak}; ` +
        `${formatCount(step.tokensPerSecond)} ${t.tokensPerSecond}; ${formatBytes(step.bytes)}`,
    );
  for (const { shape, neededBytes, budgetBytes } of result.skipped)
    lines.push(t.skipped(t.shapes[shape], formatBytes(neededBytes), formatBytes(budgetBytes)));
  if (result.longestSubmitMs > 0) lines.push(`${t.longestSubmit}: ${formatFigure(result.longestSubmitMs)} ms`);
  if (expected) lines.push(`${t.expected} (${expected.name}): ${formatDuration(expected.ms, dictionary.time)}`);
  return lines.join('\n');
}
