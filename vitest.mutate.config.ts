import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import projects from './vitest.config';

const unit = projects.test?.projects?.find(
  (project) => typeof project === 'object' && 'test' in project && project.test?.name === 'unit',
);
if (typeof unit !== 'object' || !('test' in unit)) throw new Error('vitest.config.ts has no project "unit"');

/** Tests that build, start other processes, or take seconds although quicker tests cover the same. */
const slow = [
  'tests/unit/{bench,tools}/**',
  'tests/unit/import/prepareDemo.test.ts',
  'tests/unit/state/{jobs.svelte,linkedExperiment}.test.ts',
  'tests/unit/tokenize/golden.test.ts',
];

/** Runs quick files first, because a mutant is finished at the first test that fails. */
class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).reverse();
  }
}

/** Only the unit tests, because Stryker's runner cannot choose one of several projects. */
export default defineConfig({
  ...unit,
  test: {
    ...unit.test,
    setupFiles: ['tools/vitest/resetGlobals.mjs', 'tools/mutation/setup.mjs'],
    exclude: slow,
    // A mutant often leaves a test waiting for something that never comes.
    testTimeout: 20_000,
    sequence: { sequencer: QuickFirst },
  },
});
