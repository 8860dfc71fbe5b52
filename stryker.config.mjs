/** Mutation tests; CONTRIBUTING.md says how to run them for one folder. */
export default {
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.mutate.config.ts' },
  mutate: ['src/domain/**/*.ts', 'src/storage/**/*.ts', 'workers/formats/**/*.ts', 'workers/services/**/*.ts'],
  coverageAnalysis: 'perTest',
  // Testing a mutant of a top-level constant would take every test that imports the file.
  ignoreStatic: true,
  thresholds: { high: 95, low: 85, break: 85 },
  concurrency: 2,
  timeoutMS: 10_000,
  dryRunTimeoutMinutes: 20,
  incremental: true,
  incrementalFile: '.cache/stryker/incremental.json',
  tempDirName: '.cache/stryker/sandbox',
  htmlReporter: { fileName: '.cache/stryker/report.html' },
  reporters: ['clear-text', 'progress', 'html'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  // Do not add `@ts-nocheck`: nothing checks types in the copy, and the kernels in AssemblyScript cannot be parsed.
  disableTypeChecks: false,
  ignorePatterns: ['.cache', 'dist', 'test-results', 'playwright-report', 'out', 'bench'],
};
