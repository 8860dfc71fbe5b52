/** Takes the place of playwright-core in the bundle, which needs no node_modules. */
export const chromium = { executablePath: () => '' };
