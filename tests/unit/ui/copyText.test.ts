import { afterEach, describe, expect, it, vi } from 'vitest';
import { copyText } from '../../../src/ui/common/copyText';

afterEach(() => vi.unstubAllGlobals());

describe('copyText', () => {
  it('returns whether the browser allowed the page to copy', async () => {
    const writeText = vi.fn(() => Promise.resolve());
    vi.stubGlobal('navigator', { clipboard: { writeText } });
    expect(await copyText('a text')).toBe(true);
    expect(writeText).toHaveBeenCalledWith('a text');
    writeText.mockRejectedValueOnce(new DOMException('no', 'NotAllowedError'));
    expect(await copyText('a text')).toBe(false);
    // A page served over plain HTTP has no clipboard.
    vi.stubGlobal('navigator', {});
    expect(await copyText('a text')).toBe(false);
  });

  it('rethrows any other error', async () => {
    vi.stubGlobal('navigator', { clipboard: { writeText: () => Promise.reject(new Error('broken')) } });
    await expect(copyText('a text')).rejects.toThrow('broken');
  });
});
