/** Chromium's description of itself, of which TypeScript's library knows nothing. */
interface AgentData {
  getHighEntropyValues: (hints: string[]) => Promise<Details>;
}
interface Details {
  fullVersionList?: { brand: string; version: string }[];
}

/**
 * Name and version of the browser, with all parts of the version where it tells them: its shader compiler comes with it. WebGPU tells of no
 * driver.
 */
export async function browserVersion(): Promise<string> {
  const data: unknown = Reflect.get(navigator, 'userAgentData');
  if (!isAgentData(data)) return navigator.userAgent;
  // A site may forbid the details to its pages: then it is the version that all pages are told.
  const { fullVersionList = [] } = await data.getHighEntropyValues(['fullVersionList']).catch((): Details => ({}));
  const told = fullVersionList.map(({ brand, version }) => `${brand} ${version}`).sort();
  return [navigator.userAgent, ...told].join('; ');
}

function isAgentData(data: unknown): data is AgentData {
  return typeof data === 'object' && data !== null && 'getHighEntropyValues' in data;
}
