/** `npm run bench -- --adapter` in Node: measures the engine on Dawn, then PyTorch, and writes JSON after every result. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureAdapter, type MeasureOptions } from './measure';
import { openDawn } from './openDawn';
import { measurePytorch } from './peers';
import type { AdapterReport } from './report';
import { reportText } from './table';

/** Seconds of wall time, if no limit is given. */
const defaultLimitSeconds = 300;
/** PyTorch is not started with less time left: importing it takes several seconds. */
const leastPeerSeconds = 15;

const here = dirname(fileURLToPath(import.meta.url));

export async function main(hooks: Pick<MeasureOptions, 'onDevice'> = {}): Promise<void> {
  const { values } = parseArgs({
    options: {
      limit: { type: 'string' },
      out: { type: 'string' },
      size: { type: 'string' },
      backend: { type: 'string' },
      only: { type: 'string', multiple: true },
      brief: { type: 'boolean' },
    },
  });
  const limitSeconds = Number(values.limit ?? process.env['LIMIT_S'] ?? defaultLimitSeconds);
  const out = values.out ?? join(process.env['OUT'] ?? '.', 'adapter.json');
  mkdirSync(dirname(out), { recursive: true });
  const onReport = (report: AdapterReport): void => writeFileSync(out, `${JSON.stringify(report, null, 1)}\n`);
  const startedAt = performance.now();
  openDawn(values.backend);
  const size = values.size === 'full' || values.size === 'tiny' ? values.size : undefined;
  const runtime = `Dawn in Node ${process.version}`;
  const report = await measureAdapter({ limitSeconds, size, only: values.only, runtime, onReport, ...hooks });
  const left = limitSeconds - (performance.now() - startedAt) / 1000;
  await addPeers(report, left, onReport);
  const text = reportText(report);
  // Short output where only the last lines are kept; the file has everything.
  console.log(values.brief || process.env['OUT'] ? text.split('\n').slice(0, 15).join('\n') : text);
  console.log(`Written to ${out}.`);
  process.exit(0); // Dawn's threads would keep the process alive
}

async function addPeers(report: AdapterReport, leftSeconds: number, onReport: (report: AdapterReport) => void): Promise<void> {
  if (report.size === 'tiny') return;
  if (leftSeconds < leastPeerSeconds) {
    report.leftOut.push('PyTorch');
    return onReport(report);
  }
  const script = [join(here, 'pytorch_adapter.py'), join(here, '../peers/pytorch_adapter.py')].find((path) => existsSync(path));
  const reason = script
    ? await measurePytorch(script, { limitSeconds: leftSeconds - 5 }, (result) => {
        report.results.push(result);
        onReport(report);
      })
    : 'bench/peers/pytorch_adapter.py is missing';
  if (reason !== null) report.failed.push({ task: 'PyTorch', reason });
  onReport(report);
}
