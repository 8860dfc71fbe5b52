import { afterEach, describe, expect, it, vi } from 'vitest';
import { copyText } from '../../../src/ui/common/copyText';

afterEach(() => vi.unstubAllGlobals());

describe('copying a text', () => {
  it('says whether the browser let the page', async () => {
    const writeText = vi.fn(() => Promise.resolve());
    vi.stubGlobal('navigator', { clipboard: { writeText } });
    expect(await copyText('a text')).toBe(true);
    expect(writeText).toHaveBeenCalledWith('a text');
    writeText.mockRejectedValueOnce(new DOMException('no', 'NotAllowedError'));
    expect(await copyText('a text')).toBe(false);
    // Plain http: no clipboard at all.
    vi.stubGlobal('navigator', {});
    expect(await copyText('a text')).toBe(false);
  });

  it('does not swallow what else goes wrong', async () => {
    vi.stubGlobal('navigator', { clipboard: { writeText: () => Promise.reject(new Error('broken')) } });
    await expect(copyText('a text')).rejects.toThrow('broken');
  });
});
