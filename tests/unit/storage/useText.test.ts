import { describe, expect, it } from 'vitest';
import type { StoredItem } from '../../../src/domain/storage/storedItem';
import { en } from '../../../src/ui/i18n/en';
import { zh } from '../../../src/ui/i18n/zh';
import { useText } from '../../../src/ui/storage/useText';

const model: StoredItem = { kind: 'model', name: 'm', ids: ['m'], bytes: 1, usedBy: [], usedByDeleted: [] };
const text = (item: Partial<StoredItem>, language: 'en' | 'zh' = 'en'): string => {
  const { storage, common } = language === 'en' ? en : zh;
  return useText(storage, common, { ...model, ...item }, language);
};

describe('what the storage page says about the use of an item', () => {
  it('does not call a model unused that was compared', () => {
    expect(text({})).toBe('Unused');
    expect(text({ comparedIn: ['A', 'B'] })).toBe('Compared in: A, B. These results stay if you delete it.');
    expect(text({ comparedIn: ['A'] }, 'zh')).not.toContain(zh.storage.unused);
  });

  it('puts a stop between the experiments that use a model and those that compare it', () => {
    expect(text({ usedBy: ['A'], usedByDeleted: ['B'] })).toBe('Used by: A, B (deleted)');
    expect(text({ usedBy: ['A'], comparedIn: ['C'] })).toBe(
      'Used by: A. Compared in: C. These results stay if you delete it.',
    );
    expect(text({ usedBy: ['A'], comparedIn: ['C'] }, 'zh')).toMatch(/^用到它的实验：A。参加过比较的实验：C。/);
  });

  it('is nothing for an experiment and an unfinished download', () => {
    for (const kind of ['experiment', 'download'] as const) expect(text({ kind })).toBe('');
  });
});
