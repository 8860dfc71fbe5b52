import { defineConfig } from 'vitest/config';
import projects from './vitest.config';

/** Leaves out tests of large inputs. They take seconds, and hardly any mutant is caught by them only. */
const notLarge = /^(?!.*(?:\d0,000|16 MB))/;

const unit = projects.test?.projects?.find(
  (project) => typeof project === 'object' && 'test' in project && project.test?.name === 'unit',
);
if (typeof unit !== 'object' || !('test' in unit)) throw new Error('vitest.config.ts has no project "unit"');

/** The unit tests on their own, because Stryker's runner cannot choose one of several projects. */
export default defineConfig({ ...unit, test: { ...unit.test, testNamePattern: notLarge } });
