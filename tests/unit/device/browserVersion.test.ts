import { afterEach, describe, expect, it, vi } from 'vitest';
import { browserVersion } from '../../../workers/services/device/browserVersion';

afterEach(() => vi.unstubAllGlobals());

describe("the browser's version", () => {
  const userAgent = 'Agent 156.0.0.0';
  const told = async (userAgentData?: object): Promise<string> => {
    vi.stubGlobal('navigator', { userAgent, ...(userAgentData && { userAgentData }) });
    return browserVersion();
  };

  it('is told in full where the browser tells it', async () => {
    const fullVersionList = [{ brand: 'B', version: '156.0.1.2' }, { brand: 'A', version: '9' }]; // prettier-ignore
    const getHighEntropyValues = (): Promise<object> => Promise.resolve({ fullVersionList });
    expect(await told({ getHighEntropyValues })).toBe('Agent 156.0.0.0; A 9; B 156.0.1.2');
  });

  it('is what all pages are told where it does not, or the site forbids it', async () => {
    expect(await told()).toBe(userAgent);
    expect(await told({ getHighEntropyValues: () => Promise.reject(new Error('NotAllowedError')) })).toBe(userAgent);
  });
});
