/** `npm run bench -- --adapter`: the engine in Node on Dawn, then in Chromium, then PyTorch on the same card. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AdapterRun } from './adapterRun';
import type { MeasureOptions } from './measure';
import { benchmarkTable } from './table';

/** Default limit on the wall time, in seconds. */
const defaultLimitSeconds = 300;
/** Number of lines printed with --brief; the file contains everything. */
const briefLines = 15;

const help = `Measures the engine on this machine's adapter. Writes the JSON after every result.

  --limit SECONDS  wall time; the least important tasks are left out (default: $LIMIT_S, or ${defaultLimitSeconds})
  --runtime WHERE  node (Dawn), chromium, or both (default)
  --size SIZE      full, or tiny for a software adapter (default: chosen by the adapter)
  --only TEXT      only tasks whose name contains TEXT; may be repeated
  --backend NAME   one of Dawn's backends
  --browser PATH   the Chromium or Chrome to use
  --software       compute on the CPU in Chromium
  --out FILE       the JSON file (default: adapter.json in $OUT or in this folder)
  --brief          print at most ${briefLines} lines`;

const here = dirname(fileURLToPath(import.meta.url));

export async function main(onDevice?: MeasureOptions['onDevice']): Promise<void> {
  const { values } = parseArgs({
    options: {
      limit: { type: 'string' },
      runtime: { type: 'string', default: 'both' },
      size: { type: 'string' },
      only: { type: 'string', multiple: true },
      backend: { type: 'string' },
      browser: { type: 'string' },
      software: { type: 'boolean', default: false },
      out: { type: 'string' },
      brief: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return console.log(help);
  const limitSeconds = Number(values.limit ?? process.env['LIMIT_S'] ?? defaultLimitSeconds);
  const size = values.size === 'full' || values.size === 'tiny' ? values.size : undefined;
  const out = values.out ?? join(process.env['OUT'] ?? '.', 'adapter.json');
  mkdirSync(dirname(out), { recursive: true });
  const run = new AdapterRun({ limitSeconds, size, only: values.only, ...(onDevice && { onDevice }) }, (result) =>
    writeFileSync(out, `${JSON.stringify(result, null, 1)}\n`),
  );
  if (values.runtime !== 'chromium') await run.node(values.backend);
  if (values.runtime !== 'node') await run.chromium(join(here, 'page'), values.browser, values.software);
  if (run.measuresRealAdapter) await run.pytorch(join(here, 'pytorch_adapter.py'));
  const text = benchmarkTable(run.result);
  console.log(values.brief ? text.split('\n').slice(0, briefLines).join('\n') : text);
  console.log(`Written to ${out}.`);
  process.exit(existsSync(out) ? 0 : 1); // Dawn's threads would keep the process alive
}
