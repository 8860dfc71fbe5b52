/* Builds THIRD-PARTY-NOTICES.txt: the name, version, licence and licence text of everything in the site that was
   written by others. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, version as ownVersion } from './source.mjs';

export const noticesFile = 'THIRD-PARTY-NOTICES.txt';

const kept = join(root, 'tools/licences');

/**
 * Notices that packages leave out of their own folders, with the version for which they were checked. Updating such a
 * package fails the build until somebody has checked its licence again.
 */
const supplements = {
  '@bufbuild/protobuf': { version: '2.17.0', texts: ['bufbuild-protobuf.txt'] },
  // Its modules contain onnxruntime-common, and its wasm file contains the libraries listed in the second text.
  'onnxruntime-web': { version: '1.30.0', texts: ['onnxruntime.txt', 'onnxruntime-third-party.txt'] },
  '@tensorflow/tfjs-backend-cpu': { version: '4.22.0', texts: ['tensorflow-tfjs.txt'] },
  '@tensorflow/tfjs-backend-webgpu': { version: '4.22.0', texts: ['tensorflow-tfjs.txt'] },
  '@tensorflow/tfjs-core': { version: '4.22.0', texts: ['tensorflow-tfjs.txt'] },
  // tfjs's CPU backend contains it. Its licence is part of its README.
  seedrandom: { version: '3.0.5', texts: ['seedrandom.txt'] },
  'svelte-toolbelt': { version: '0.10.7', licence: 'MIT' },
};

/** Data in public/ that is not entirely this project's own work. */
const bundledData = [
  {
    name: 'models/demo-zh',
    licence: 'MIT',
    remark: 'Distilled for Recallsmith from intfloat/multilingual-e5-small, whose licence follows.',
    texts: ['multilingual-e5-small.txt'],
  },
];

/** Prefixes of the virtual modules with which rolldown and Vite add their own code to a bundle. */
const virtualModules = { '\0vite/': 'vite', '\0rolldown/': 'rolldown' };

const installed = (name) => join(root, 'node_modules', name);

/** Returns the folder of the package that a bundled module belongs to, or null for this project's own modules. */
export function packageFolder(moduleId) {
  const path = moduleId.replaceAll('\\', '/').split('?')[0];
  for (const [prefix, name] of Object.entries(virtualModules)) if (path.startsWith(prefix)) return installed(name);
  const found = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
  return found ? found[1] : null;
}

/** Whether a module contributed to the bundle: code, or a style sheet, which has no code. */
function contributes(id, { renderedLength }) {
  return renderedLength > 0 || /\.css(\?|$)/.test(id);
}

function foldersOf(bundle) {
  return Object.values(bundle)
    .filter(({ type }) => type === 'chunk')
    .flatMap(({ modules }) => Object.entries(modules))
    .filter(([id, module]) => contributes(id, module))
    .map(([id]) => packageFolder(id))
    .filter((folder) => folder !== null);
}

/** Returns Vite's licence without those of its tools, which never reach a bundle. */
function withoutTools(text) {
  return text.split('\n# Licenses of bundled dependencies')[0];
}

/**
 * Returns the texts of a package's licence files, followed by its NOTICE file, which section 4(d) of Apache-2.0
 * requires.
 */
function textsIn(folder) {
  const names = readdirSync(folder).sort();
  const licences = names.filter((name) => /^(licen[cs]e|copying)/i.test(name));
  if (licences.length === 0) return [];
  const notices = names.filter((name) => /^(notice|third-?party)/i.test(name));
  return [...licences, ...notices].map((name) => withoutTools(readFileSync(join(folder, name), 'utf8')));
}

function keptText(file) {
  return readFileSync(join(kept, file), 'utf8');
}

/**
 * Returns the notice of a package. If its licence is unknown, throws an Error that names the package and the remedy.
 */
export function describePackage(folder) {
  const { name, version, license, homepage } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const supplement = supplements[name];
  if (supplement && supplement.version !== version)
    throw new Error(
      `The licence of ${name} was checked for version ${supplement.version}, and ${version} is installed: ` +
        'compare the licence with tools/licences, then change the version in tools/lib/notices.mjs.',
    );
  const licence = typeof license === 'string' ? license : supplement?.licence;
  const texts = [...textsIn(folder), ...(supplement?.texts ?? []).map(keptText)];
  if (!licence || texts.length === 0)
    throw new Error(
      `${name} ${version} is bundled, but its package has no licence ${licence ? 'text' : 'identifier'}: ` +
        'add what is missing to tools/lib/notices.mjs and tools/licences, or remove the dependency.',
    );
  return { name, version, licence, homepage, texts };
}

const title = ({ name, version }) => (version === undefined ? name : `${name} ${version}`);

function section(entry) {
  const { licence, homepage, remark, texts } = entry;
  const head = [title(entry), `Licence: ${licence}`, homepage, remark].filter((line) => line !== undefined);
  const parts = texts.map((text) => text.replaceAll('\r\n', '\n').trim());
  return [head.join('\n'), ...parts].join(`\n\n${'-'.repeat(80)}\n\n`);
}

/** Returns the whole file: one section per package, sorted by name, then the data. */
export function noticesText(folders) {
  const described = [...new Set(folders)].map(describePackage);
  // A package may be installed twice in the same version, because two other packages depend on it.
  const unique = [...new Map(described.map((entry) => [title(entry), entry]))]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, entry]) => entry);
  const data = bundledData.map((entry) => ({ ...entry, texts: entry.texts.map(keptText) }));
  const all = [...unique, ...data];
  const contents = all.map((entry) => `  ${title(entry)}: ${entry.licence}`).join('\n');
  const heading = `Third-party notices of Recallsmith ${ownVersion()}`;
  const head = [heading, 'The site contains code and data of these projects:', contents].join('\n\n');
  return `${[head, ...all.map(section)].join(`\n\n${'='.repeat(80)}\n\n`)}\n`;
}

/**
 * Returns plugins that collect packages from the bundles: `page` for the site, which writes the file, and `workers` for
 * `worker.plugins`. Workers are bundled while the page's modules are transformed, so all workers are counted before the
 * file is written.
 * @param {string[]} copied packages whose files the site contains without bundling them
 */
export function thirdPartyNotices(copied) {
  const found = new Set();
  const collect = (bundle) => foldersOf(bundle).forEach((folder) => found.add(folder));
  return {
    page: {
      name: 'recallsmith-notices',
      apply: 'build',
      enforce: 'post',
      generateBundle(_options, bundle) {
        collect(bundle);
        for (const name of copied) found.add(installed(name));
        this.emitFile({ type: 'asset', fileName: noticesFile, source: noticesText(found) });
      },
    },
    workers: () => [{ name: 'recallsmith-notices-workers', generateBundle: (_options, bundle) => collect(bundle) }],
  };
}
