/** Chromium's `navigator.userAgentData`, which TypeScript's DOM types lack. */
interface AgentData {
  getHighEntropyValues: (hints: string[]) => Promise<Details>;
}
interface Details {
  fullVersionList?: { brand: string; version: string }[];
}

/**
 * Returns the browser's name and version, with the full version number if available. The version also identifies the
 * shader compiler, which ships with the browser. WebGPU does not report the driver version.
 */
export async function browserVersion(): Promise<string> {
  const data: unknown = Reflect.get(navigator, 'userAgentData');
  if (!isAgentData(data)) return navigator.userAgent;
  // A permissions policy may withhold the details. The user agent string must then suffice.
  const { fullVersionList = [] } = await data.getHighEntropyValues(['fullVersionList']).catch((): Details => ({}));
  const brands = fullVersionList.map(({ brand, version }) => `${brand} ${version}`).sort();
  return [navigator.userAgent, ...brands].join('; ');
}

function isAgentData(data: unknown): data is AgentData {
  return typeof data === 'object' && data !== null && 'getHighEntropyValues' in data;
}
