import { defineConfig } from 'vitest/config';
import { warmPool } from './tools/mutation/warmPool.mjs';
import projects from './vitest.config';

const unit = projects.test?.projects?.find(
  (project) => typeof project === 'object' && 'test' in project && project.test?.name === 'unit',
);
if (typeof unit !== 'object' || !('test' in unit)) throw new Error('vitest.config.ts has no project "unit"');

/** Tests that build, start other processes, or take seconds for what quicker tests cover as well. */
const slow = [
  'tests/unit/{bench,tools}/**',
  'tests/unit/import/prepareDemo.test.ts',
  'tests/unit/state/{jobs.svelte,linkedExperiment}.test.ts',
  'tests/unit/tokenize/golden.test.ts',
];

/** The unit tests on their own, because Stryker's runner cannot choose one of several projects. */
export default defineConfig({
  ...unit,
  plugins: [...(unit.plugins ?? []), warmPool],
  test: {
    ...unit.test,
    setupFiles: ['tools/mutation/setup.mjs'],
    exclude: slow,
  },
});
