import { describe, expect, it, vi } from 'vitest';
import { loadedLater } from '../../../workers/services/evaluate/loadedLater';

describe('a model loaded later', () => {
  it('is freed if the work is cancelled right after it was loaded', async () => {
    const dispose = vi.fn();
    const cancelled = () => Promise.reject(new Error('cancelled'));
    const model = loadedLater(
      () => Promise.resolve({ dispose }),
      () => cancelled,
    );
    await expect(model.get()).rejects.toThrow('cancelled');
    await model.dispose();
    await model.dispose();
    expect(dispose).toHaveBeenCalledOnce();
  });

  it('is loaded once, and not at all if it is not needed', async () => {
    const open = vi.fn(() => Promise.resolve({ dispose: () => undefined }));
    const model = loadedLater(open, () => () => Promise.resolve());
    await model.dispose();
    expect(open).not.toHaveBeenCalled();
    expect(await model.get()).toBe(await model.get());
    expect(open).toHaveBeenCalledOnce();
  });
});
