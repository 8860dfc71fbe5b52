import { describe, expect, it } from 'vitest';
import { errorSentence } from '../../../src/ui/i18n/errors';

describe('the error of a full disk', () => {
  const full = { kind: 'quota-exceeded', neededBytes: 203e6, freeBytes: 4.7e6 } as const;

  it('leads to the storage page in the app, and to --profile on the command line', () => {
    expect(errorSentence(full, 'en')).toContain('(203 MB needed in total, 4.7 MB available); delete');
    expect(errorSentence(full, 'en')).toContain('storage page');
    expect(errorSentence(full, 'en', 'e.json')).toContain('(203 MB needed in total, 4.7 MB available); free some');
    expect(errorSentence(full, 'en', 'e.json')).toContain('--profile');
    expect(errorSentence(full, 'en', 'e.json')).not.toContain('storage page');
    expect(errorSentence(full, 'zh', 'e.json')).toContain('--profile');
  });

  it('has only the numbers that are known', () => {
    expect(errorSentence({ kind: 'quota-exceeded' }, 'en')).toMatch(/^There is not enough disk space; /);
    expect(errorSentence({ kind: 'quota-exceeded', neededBytes: 0, freeBytes: 5e6 }, 'zh')).toContain(
      '（可用 5.0 MB）',
    );
  });
});
