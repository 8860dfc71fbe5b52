import { appendFileSync, readFileSync, statSync } from 'node:fs';

/**
 * The log of a mutation run, one JSON array per line. A process that a mutant ends loses nothing: the next one goes on
 * from the log.
 *
 * - `process`: id of the process that runs from here on
 * - `loaded`: ids of the mutants that run while modules are loaded, or only once
 * - `reached`: ids of the mutants that a test reaches, the test and its processor time in milliseconds
 * - `run`: mutant and test
 * - `killed`: mutant, test and the message of its failure
 * - `suspect`: a mutant that failed after others had left traces, to be run first in a new process
 * - `unused`: a test that cannot be repeated, and why
 * - `file`: a test file that has ended
 * - `left`: test files that were given up because they did not end after many rounds
 */
export class MutationLog {
  path;

  constructor(path) {
    this.path = path;
  }

  write(...line) {
    appendFileSync(this.path, `${JSON.stringify(line)}\n`);
  }

  /** Number of bytes, which grows with every step of a run. */
  get size() {
    return statSync(this.path).size;
  }

  lines() {
    const text = readFileSync(this.path, 'utf8');
    // A killed process may have left half a line.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    return whole
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }

  /** Returns the first values of the lines of a kind, with lists of ids flattened. */
  of(kind) {
    return new Set(this.lines().flatMap(([name, value]) => (name === kind ? value : [])));
  }
}
