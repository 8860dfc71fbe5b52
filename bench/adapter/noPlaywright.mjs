/** Replaces playwright-core in the bundle, which must run without node_modules. */
export const chromium = { executablePath: () => '' };
