import type { BenchmarkResult, StepSpeed } from '../../domain/benchmark/benchmark';
import { kernelTimeRows } from '../../domain/benchmark/kernelTime';
import type { TunedProduct } from '../../domain/kernelTuning';
import type { DeviceInfo } from '../../domain/device';
import type { Dictionary } from '../i18n/dictionary';
import { formatBytes, formatCount, formatDuration, formatFigure, formatPercent } from '../i18n/format';
import { deviceText } from '../train/deviceText';
import { formatGain, productName } from '../train/kernelsText';

/** Returns the benchmark as text to copy into a report, with one fact per line. */
export function benchmarkText(
  dictionary: Dictionary,
  result: BenchmarkResult,
  expected: { name: string; ms: number } | null,
  build: string,
): string {
  const t = dictionary.benchmark;
  const { colon, comma, semicolon } = dictionary.common;
  const { ms } = dictionary.time;
  const lines = [
    `${t.title} · ${build}`,
    deviceText(dictionary, result.device),
    result.browser,
    `${t.peak}${colon}${formatFigure(result.peakGflops)} GFLOP/s`,
  ];
  if (result.measured > 0) {
    lines.push(`${t.fixed}${colon}${formatFigure(result.fixedGflops)} GFLOP/s`);
    lines.push(`${t.measured(result.measured)}${semicolon}${result.subgroups ? t.withSubgroups : t.withoutSubgroups}`);
  }
  for (const step of result.steps) {
    const layers = step.layersRun < step.layers ? `${comma}${t.someLayers(step.layersRun, step.layers)}` : '';
    const speed = [
      t.stepOf(step.pairs, step.tokens) +
        `${comma}${formatFigure(step.stepMs)} ${ms}${layers}${comma}${t.stepStrategies[step.stepStrategy]}`,
      `${formatFigure(step.gflops)} GFLOP/s${comma}${t.ofPeak(formatPercent(step.gflops / result.peakGflops, 0))}`,
      `${formatCount(step.tokensPerSecond)} ${t.tokensPerSecond}`,
      formatBytes(step.bytes),
    ];
    lines.push(`${t.shapes[step.shape]}${colon}${speed.join(semicolon)}`);
  }
  for (const { shape, neededBytes, budgetBytes } of result.skipped)
    lines.push(t.skipped(t.shapes[shape], formatBytes(neededBytes), formatBytes(budgetBytes)));
  if (result.longestSubmitMs > 0) lines.push(`${t.longestSubmit}${colon}${formatFigure(result.longestSubmitMs)} ${ms}`);
  if (expected) lines.push(`${t.expected} “${expected.name}”${colon}${formatDuration(expected.ms, dictionary.time)}`);
  for (const step of result.steps) lines.push('', ...kernelLines(dictionary, step, result.device.backend));
  if (result.products.length > 0) lines.push('', dictionary.kernels.title);
  for (const product of result.products) lines.push(productLine(dictionary, product));
  return lines.join('\n');
}

/** Returns a product's speed with the measured kernel and with that of the fixed rules. */
function productLine(dictionary: Dictionary, product: TunedProduct): string {
  const { kernels: t, common } = dictionary;
  const rate = (gflops: number): string => `${formatFigure(gflops / 1000)} TFLOP/s`;
  const figures = [
    `${t.chosen} ${rate(product.gflops)}`,
    `${t.rules} ${rate(product.ruleGflops)}`,
    `${formatGain(product.gflops / product.ruleGflops)} ×`,
  ];
  return `${productName(dictionary, product)}${common.colon}${figures.join(common.comma)}`;
}

/** Returns the time by kernel, with one kernel per line, or says why there is none. */
function kernelLines(
  { benchmark: t, common: { colon, comma }, time: { ms } }: Dictionary,
  { shape, profile }: StepSpeed,
  backend: DeviceInfo['backend'],
): string[] {
  const title = `${t.kernels.title}${comma}${t.shapes[shape]}`;
  if (!profile) return [`${title}${colon}${t.kernels.none[backend]}`];
  const rows = kernelTimeRows(profile).map((row) => {
    const figures = [
      `${formatCount(row.count)} ×`,
      `${formatFigure(row.ms)} ${ms}`,
      formatPercent(row.share),
      `${formatFigure(row.gigabytesPerSecond)} GB/s`,
      ...(row.flops > 0 ? [`${formatFigure(row.teraflops)} TFLOP/s`] : []),
    ];
    return `${row.name}${colon}${figures.join(comma)}`;
  });
  return [title, ...rows];
}
