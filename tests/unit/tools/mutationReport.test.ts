import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MutationLog } from '../../../tools/mutation/log.mjs';
import { outcomes, report, scoreLine } from '../../../tools/mutation/report.mjs';

const folder = mkdtempSync(join(tmpdir(), 'mutation-'));
afterAll(() => rmSync(folder, { recursive: true }));

const fileName = join(folder, 'code.ts');
writeFileSync(fileName, 'const a = 1;\n');
const location = { start: { line: 0, column: 10 }, end: { line: 0, column: 11 } };
const mutants = ['killed', 'survived', 'slow', 'elsewhere', 'loaded'].map((id) => ({
  ...{ id, fileName, location },
  ...{ mutatorName: 'Number', replacement: '2' },
}));

describe('the report of a mutation run', () => {
  const log = new MutationLog(join(folder, 'run.jsonl'));
  log.write('loaded', ['loaded']);
  log.write('reached', ['killed', 'survived'], 'quick test', 5);
  log.write('run', 'killed', 'quick test');
  log.write('killed', 'killed', 'quick test', 'not equal');
  log.write('run', 'survived', 'quick test');
  log.write('reached', ['slow'], 'slow test', 9000);
  const found: { mutant: { id: string }; outcome: string }[] = outcomes(mutants, log);

  it('does not call a mutant a survivor that only slow tests reach, which were not run with it', () => {
    expect(found.map(({ mutant, outcome }) => [mutant.id, outcome])).toEqual([
      ['killed', 'killed'],
      ['survived', 'survived'],
      ['slow', 'not run'],
      ['elsewhere', 'not reached'],
    ]);
  });

  it('scores only mutants that were run or not reached, and counts the others', () => {
    const line = scoreLine('code', found);
    expect(line).toMatch(/^ 33\.3% .* of 3 mutants: 1 killed, 1 survived, 1 not reached; 1 more not run {2}code$/);
    expect(scoreLine('code', found.slice(0, 1))).not.toContain('not run');
    expect(scoreLine('code', found.slice(2, 3))).toMatch(/^ +–% .* of 0 mutants/);
  });

  it('lists the mutants that were not run, and names test files that were given up', () => {
    log.write('left', ['tests/a.test.ts', 'tests/b.test.ts']);
    const text = report(mutants, log);
    expect(text).toContain('not run, Number');
    for (const name of ['a', 'b'])
      expect(text).toContain(`did not end, so not all of its tests were used: tests/${name}.test.ts`);
  });
});
