import { posix } from 'node:path';

/**
 * The zones of the code base and what each may import; docs/architecture.md shows the same table. A file belongs to the
 * first zone whose pattern matches its path. `packages` holds package names, or scopes such as `@tensorflow/`.
 */
const zones = [
  { name: 'domain', pattern: /^src\/domain\//, zones: ['domain'], packages: ['valibot', 'hash-wasm', 'fflate'] },
  { name: 'protocol', pattern: /^src\/protocol\//, zones: ['protocol', 'domain'], packages: ['comlink'] },
  { name: 'storage', pattern: /^src\/storage\//, zones: ['storage', 'domain'], packages: ['idb'] },
  { name: 'clients', pattern: /^src\/clients\//, zones: ['clients', 'protocol', 'domain'], packages: ['comlink'] },
  {
    name: 'state',
    pattern: /^src\/state\//,
    zones: ['state', 'clients', 'protocol', 'storage', 'domain'],
    packages: ['svelte'],
  },
  {
    name: 'ui',
    pattern: /^src\/ui\//,
    zones: ['ui', 'state', 'domain'],
    typeZones: ['protocol'],
    packages: ['svelte', 'bits-ui', 'uplot'],
  },
  {
    name: 'headless',
    pattern: /^src\/headless\//,
    zones: ['headless', 'ui', 'state', 'domain'],
    typeZones: ['protocol'],
    packages: ['svelte'],
  },
  {
    name: 'shell',
    pattern: /^src\/[^/]+$/,
    zones: ['shell', 'ui', 'headless', 'state', 'clients', 'storage', 'protocol', 'domain'],
    packages: ['svelte', 'bits-ui'],
  },
  { name: 'engine', pattern: /^workers\/engine\//, zones: ['engine', 'domain'], packages: [] },
  {
    name: 'losses',
    pattern: /^workers\/losses\//,
    zones: ['losses', 'domain'],
    packages: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu', '@tensorflow/tfjs-backend-webgpu'],
  },
  {
    name: 'formats',
    pattern: /^workers\/formats\//,
    zones: ['formats', 'domain'],
    packages: ['@bufbuild/protobuf', 'client-zip', 'fflate', 'read-excel-file', 'write-excel-file'],
  },
  {
    name: 'reference',
    pattern: /^workers\/reference\//,
    zones: ['reference', 'engine', 'domain'],
    packages: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-webgpu'],
  },
  {
    name: 'services',
    pattern: /^workers\/services\//,
    zones: ['services', 'engine', 'losses', 'reference', 'formats', 'storage', 'protocol', 'domain'],
    packages: ['@huggingface/', 'fflate', 'onnxruntime-web', 'onnxruntime-common', 'umap-js'],
  },
  {
    name: 'worker entries',
    pattern: /^workers\/[^/]+\.worker\.ts$/,
    zones: ['services', 'protocol', 'domain'],
    packages: ['comlink'],
  },
];

function zoneOf(path) {
  return zones.find((zone) => zone.pattern.test(path));
}

function allowsPackage(zone, specifier) {
  return zone.packages.some((name) =>
    name.endsWith('/') ? specifier.startsWith(name) : specifier === name || specifier.startsWith(`${name}/`),
  );
}

/**
 * Returns why `path` (relative to the project root, with /) may not import `specifier`, or null if it may. Files
 * outside all zones (tools, tests, configuration) may import anything. Any file may import style sheets and other
 * assets.
 */
export function forbiddenImport(path, specifier, isTypeOnly = false) {
  const from = zoneOf(path);
  if (!from || /\.(css|svg|json)(\?|$)/.test(specifier)) return null;
  if (!specifier.startsWith('.'))
    return allowsPackage(from, specifier) ? null : `${from.name} may not import the package ${specifier}`;
  const target = posix.normalize(posix.join(posix.dirname(path), specifier));
  const to = zoneOf(target) ?? zoneOf(`${target}.ts`);
  if (!to) return `${from.name} may not import ${target}, which is in no zone`;
  if (from.zones.includes(to.name)) return null;
  if (isTypeOnly && from.typeZones?.includes(to.name)) return null;
  return `${from.name} may not import from ${to.name} (${target})`;
}

const typeOnly = (node) =>
  node.importKind === 'type' ||
  node.exportKind === 'type' ||
  (node.specifiers?.length > 0 && node.specifiers.every((specifier) => specifier.importKind === 'type'));

/** Returns the eslint rule; `root` is the project's root folder. */
export function importZonesRule(root) {
  return {
    meta: { type: 'problem', schema: [], docs: { description: 'allow only the imports that the zone table permits' } },
    create(context) {
      const path = context.filename.replaceAll('\\', '/').slice(root.replaceAll('\\', '/').length).replace(/^\//, '');
      const check = (node) => {
        if (typeof node.source?.value !== 'string') return;
        const message = forbiddenImport(path, node.source.value, typeOnly(node));
        if (message) context.report({ node: node.source, message });
      };
      return {
        ImportDeclaration: check,
        ExportNamedDeclaration: check,
        ExportAllDeclaration: check,
        ImportExpression: check,
      };
    },
  };
}
