import { afterEach, describe, expect, it, vi } from 'vitest';
import { browserVersion } from '../../../workers/services/device/browserVersion';

afterEach(() => vi.unstubAllGlobals());

describe('the browser version', () => {
  const userAgent = 'Agent 156.0.0.0';
  const versionWith = async (userAgentData?: object): Promise<string> => {
    vi.stubGlobal('navigator', { userAgent, ...(userAgentData && { userAgentData }) });
    return browserVersion();
  };

  it('lists every part of the version if the browser provides it', async () => {
    const fullVersionList = [
      { brand: 'B', version: '156.0.1.2' },
      { brand: 'A', version: '9' },
    ];
    const getHighEntropyValues = (): Promise<object> => Promise.resolve({ fullVersionList });
    expect(await versionWith({ getHighEntropyValues })).toBe('Agent 156.0.0.0; A 9; B 156.0.1.2');
  });

  it('falls back to the user agent if the browser does not provide the parts or the site forbids them', async () => {
    expect(await versionWith()).toBe(userAgent);
    expect(await versionWith({ getHighEntropyValues: () => Promise.reject(new Error('NotAllowedError')) })).toBe(
      userAgent,
    );
  });
});
