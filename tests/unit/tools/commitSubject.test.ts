import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { subjectFault } from '../../../tools/lint/commitSubject.mjs';

const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('the subject of a commit', () => {
  it('may have 72 characters and is refused with its length from 73 on', () => {
    expect(subjectFault('a'.repeat(72))).toBeNull();
    expect(subjectFault('训'.repeat(72) + '\n')).toBeNull();
    expect(subjectFault('a'.repeat(73))).toContain('this one has 73');
  });

  it('is the first line that git keeps, so a long body or comment does not count', () => {
    const long = 'b'.repeat(100);
    expect(subjectFault(`Fix it\n\n${long}`)).toBeNull();
    expect(subjectFault(`\n# ${long}\nFix it`)).toBeNull();
    expect(subjectFault(`# Fix it\n${long}`)).toContain('this one has 100');
    expect(subjectFault('')).toBeNull();
  });

  it('is checked by the hook that package.json installs', () => {
    const hooks: Record<string, string> = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))[
      'simple-git-hooks'
    ];
    const folder = mkdtempSync(join(tmpdir(), 'subject-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const hook = (message: string) => {
      const file = join(folder, 'COMMIT_EDITMSG');
      writeFileSync(file, message);
      return spawnSync('sh', ['-c', hooks['commit-msg'] ?? '', 'commit-msg', file], { cwd: root, encoding: 'utf8' });
    };
    expect(hook('Fix it').status).toBe(0);
    const refused = hook('c'.repeat(80));
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('at most 72 characters');
  });
});
