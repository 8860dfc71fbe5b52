import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, root, site, test } from './support';

test.use({ offlineCopy: true });

interface Chunk {
  file: string;
  imports?: string[];
  isEntry?: boolean;
}

/**
 * Lists all JavaScript that the home screen needs: the entry file and everything it imports statically, at any depth.
 */
function firstFiles(): string[] {
  const manifest = JSON.parse(readFileSync(join(site, '.vite/manifest.json'), 'utf8')) as Record<string, Chunk>;
  const found = new Set<string>();
  const visit = (key: string): void => {
    const chunk = manifest[key];
    if (!chunk || found.has(chunk.file)) return;
    found.add(chunk.file);
    chunk.imports?.forEach(visit);
  };
  visit('index.html');
  return [...found];
}

test('the JavaScript of the home screen is at most 300 kB gzipped and has no tensor library', () => {
  const files = firstFiles();
  expect(files.length).toBeGreaterThan(0);
  const sources = files.map((file) => readFileSync(join(site, file)));
  const bytes = sources.reduce((sum, source) => sum + gzipSync(source).length, 0);
  test.info().annotations.push({ type: 'first JavaScript, gzipped', description: `${bytes} bytes` });
  expect(bytes).toBeLessThanOrEqual(300_000);
  for (const source of sources)
    expect(source.includes('attention forward') || source.includes('wasm-simd')).toBe(false);
});

/** Lists a script and everything it imports statically, at any depth. Build manifests leave out workers. */
function scriptsOf(name: string, found = new Set<string>()): Set<string> {
  const assets = join(site, 'assets');
  const file = readdirSync(assets).find((each) => each === name || each.startsWith(`${name}-`));
  if (!file || found.has(file)) return found;
  found.add(file);
  const source = readFileSync(join(assets, file), 'utf8');
  for (const [, imported = ''] of source.matchAll(/(?:from|import)\s*["'`]\.\/([^"'`]+\.js)["'`]/g))
    scriptsOf(imported, found);
  return found;
}

test('tfjs is in separate chunks, and neither the page nor a worker includes it', () => {
  const sourceOf = (file: string): Buffer => readFileSync(join(site, 'assets', file));
  const bytesOf = (files: readonly string[]): number =>
    files.reduce((sum, file) => sum + gzipSync(sourceOf(file)).length, 0);
  const holdsTfjs = (files: readonly string[]): boolean => files.some((file) => sourceOf(file).includes('RealDiv'));
  const worker = [...scriptsOf('gpu.worker')];
  for (const name of ['openTfjsStep', 'gpuLossDevice', 'cpuLossDevice']) {
    // Chunks may import from the worker that loads them.
    const loaded = [...scriptsOf(name)].filter((file) => !worker.includes(file));
    expect(holdsTfjs(loaded)).toBe(true);
    test.info().annotations.push({ type: `${name} with tfjs, gzipped`, description: `${bytesOf(loaded)} bytes` });
    expect(bytesOf(loaded)).toBeLessThanOrEqual(140_000);
  }
  for (const files of [worker, [...scriptsOf('data.worker')], [...scriptsOf('index')]]) {
    expect(files.length).toBeGreaterThan(0);
    expect(holdsTfjs(files)).toBe(false);
  }
  // 141 kB of our own code: kernels, losses, training, mining. A library that is bundled by mistake would add far more
  // than 7 kB.
  expect(bytesOf(worker.filter((file) => file.startsWith('gpu.worker-')))).toBeLessThanOrEqual(148_000);
});

test('the site loads nothing from another origin', () => {
  const html = readFileSync(join(site, 'index.html'), 'utf8');
  expect(html).not.toMatch(/(src|href)="https?:/);
  expect(html).toContain("connect-src 'self'");
});

/** Dependencies that only build and serve the site. `vite` is one too, but a few lines of it are in every bundle. */
const buildTools = ['@sveltejs/vite-plugin-svelte', 'playwright-core', 'typescript'];

test('the settings link to the licences of every bundled package, online and offline', async ({ page, siteUrl }) => {
  await page.goto(`${siteUrl}#/settings`);
  const link = page.locator('a[href$="THIRD-PARTY-NOTICES.txt"]');
  const [notices] = await Promise.all([page.waitForEvent('popup'), link.click()]);
  const text = await notices.locator('body').innerText();
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const [name, version] of Object.entries(dependencies))
    if (!buildTools.includes(name)) expect(text).toContain(`\n${name} ${version}\nLicence: `);
  expect(text).toContain('intfloat/multilingual-e5-small');
  expect(readFileSync(join(site, 'sw.js'), 'utf8')).toContain('"THIRD-PARTY-NOTICES.txt"');
});
