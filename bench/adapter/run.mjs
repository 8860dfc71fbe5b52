/** The part of `npm run bench` that runs with --adapter. */
import { join, resolve } from 'node:path';
import { installWhenNeeded } from '../../tools/lib/install.mjs';
import { root } from '../../tools/lib/source.mjs';
import { runCommand } from '../../tools/lib/runCommand.mjs';
import { writeBundle } from './bundle.mjs';

/** Runs the benchmark with the options of its program, or writes it to a folder with `--bundle DIR`. */
export async function benchAdapter(options) {
  await installWhenNeeded();
  const at = options.indexOf('--bundle');
  if (at >= 0) return bundle(options[at + 1], options.length);
  const folder = join(root, '.cache/bench/adapter');
  await writeBundle(folder);
  const out = join(root, `bench/results/adapter-${new Date().toISOString().slice(0, 10)}.json`);
  await runCommand(process.execPath, [join(folder, 'main.mjs'), '--out', out, ...options]);
}

async function bundle(folder, options) {
  if (folder === undefined || options > 2) throw new Error('--bundle needs a folder and no other option.');
  await writeBundle(resolve(folder));
  console.log(
    `Written to ${folder}. Run it with "DAWN_NODE=path/to/dawn.node node main.mjs"; --help lists its options.`,
  );
}
