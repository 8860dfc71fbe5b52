import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { build } from 'vite';
import {
  describePackage,
  noticesFile,
  noticesText,
  packageFolder,
  thirdPartyNotices,
} from '../../../tools/lib/notices.mjs';

let site: string;
const write = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(join(site, path)), { recursive: true });
  await writeFile(join(site, path), text);
};

interface Contents {
  license?: string;
  text?: string;
  code?: string;
}

/** Writes a package into node_modules of the test site. */
async function install(name: string, { license = 'MIT', text, code = `export default '${name}';` }: Contents) {
  await write(
    `node_modules/${name}/package.json`,
    JSON.stringify({ name, version: '1.2.3', license, main: 'main.js' }),
  );
  await write(`node_modules/${name}/main.js`, code);
  if (text !== undefined) await write(`node_modules/${name}/LICENSE.md`, text);
}

/** Builds the site and returns its notices. */
async function builtNotices(): Promise<string> {
  const notices = thirdPartyNotices(['assemblyscript']);
  await build({
    root: site,
    configFile: false,
    logLevel: 'silent',
    plugins: [notices.page],
    worker: { format: 'es', plugins: notices.workers },
  });
  return readFile(join(site, 'dist', noticesFile), 'utf8');
}

beforeEach(async () => {
  site = await mkdtemp(join(tmpdir(), 'recallsmith-notices-'));
  await write('index.html', '<script type="module" src="main.js"></script>');
  await install('in-page', { text: 'text of in-page' });
  await install('@scope/in-worker', { text: 'text of in-worker', license: 'Apache-2.0' });
  await write('node_modules/@scope/in-worker/NOTICE', 'notice of in-worker');
  await install('in-inner-worker', { text: 'text of in-inner-worker' });
  await install('unused', { text: 'text of unused' });
  await write(
    'main.js',
    `import name from 'in-page';
     import unused from 'unused';
     new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }).postMessage(name);`,
  );
  await write(
    'worker.js',
    `import name from '@scope/in-worker';
     new Worker(new URL('./inner.js', import.meta.url), { type: 'module' }).postMessage(name);`,
  );
  await write('inner.js', `import name from 'in-inner-worker'; postMessage(name);`);
});
afterEach(() => rm(site, { recursive: true, force: true }));

describe('the third-party notices of a build', () => {
  it('list the packages of the page, of its workers and of the copied files, and only those', async () => {
    const notices = await builtNotices();
    const listed = [...notices.matchAll(/^ {2}(\S+) \S+: /gm)].map(([, name]) => name);
    expect(listed).toEqual(
      expect.arrayContaining(['in-page', '@scope/in-worker', 'in-inner-worker', 'assemblyscript']),
    );
    expect(listed).not.toContain('unused');
  });

  it('contain the name, version, licence and full text of each package, and its NOTICE', async () => {
    const notices = await builtNotices();
    expect(notices).toContain('in-page 1.2.3\nLicence: MIT\n');
    expect(notices).toContain('text of in-page');
    expect(notices).toContain('@scope/in-worker 1.2.3\nLicence: Apache-2.0\n');
    expect(notices).toContain('text of in-worker');
    expect(notices).toContain('notice of in-worker');
  });

  it('stop the build if a package of a worker has no licence text', async () => {
    await install('@scope/in-worker', { text: 'text of in-worker' });
    await rm(join(site, 'node_modules/@scope/in-worker/LICENSE.md'));
    await expect(builtNotices()).rejects.toThrow(
      '@scope/in-worker 1.2.3 is bundled, but its package has no licence text: add what is missing',
    );
  });

  it('stop the build if a package names no licence', async () => {
    await install('in-page', { license: '', text: 'text of in-page' });
    await expect(builtNotices()).rejects.toThrow('in-page 1.2.3 is bundled, but its package has no licence identifier');
  });

  it('name the demo model and the model it was distilled from', () => {
    const notices = noticesText([]);
    expect(notices).toContain('models/demo-zh: MIT');
    expect(notices).toContain('intfloat/multilingual-e5-small');
  });
});

describe('a package whose licence text is kept in the project', () => {
  it('has to be checked again when its version changes', async () => {
    await install('onnxruntime-web', {});
    expect(() => describePackage(join(site, 'node_modules/onnxruntime-web'))).toThrow(
      'was checked for version 1.30.0, and 1.2.3 is installed',
    );
  });
});

describe('the package of a module', () => {
  it.each([
    ['/p/node_modules/uplot/dist/uPlot.esm.js', '/p/node_modules/uplot'],
    ['/p/node_modules/a/node_modules/@b/c/index.js?worker', '/p/node_modules/a/node_modules/@b/c'],
    ['C:\\p\\node_modules\\idb\\build\\index.js', 'C:/p/node_modules/idb'],
  ])('of %s is in %s', (id, folder) => {
    expect(packageFolder(id)).toBe(folder);
  });

  it('is Vite or rolldown for code that they add', () => {
    expect(packageFolder('\0vite/preload-helper.js')).toMatch(/node_modules\/vite$/);
    expect(packageFolder('\0rolldown/runtime.js')).toMatch(/node_modules\/rolldown$/);
  });

  it('is null for a module of this project', () => {
    expect(packageFolder('/p/src/main.ts')).toBeNull();
  });
});
