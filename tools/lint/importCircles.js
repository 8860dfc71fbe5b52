import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** Returns the relative imports in a module's text, including types: a circle of types couples modules as well. */
export function relativeImports(text) {
  const statements = /\b(?:import|export)\s+(?:[^'";]*?\bfrom\s*)?'(\.[^']+)'|\bimport\(\s*'(\.[^']+)'\s*\)/g;
  return [...text.matchAll(statements)].map(([, specifier, dynamic]) => specifier ?? dynamic);
}

/** Returns the path of the module that `specifier` names in `from`, or null if it is not in `paths`. */
export function resolveImport(from, specifier, paths) {
  const path = posix.join(posix.dirname(from), specifier);
  return [path, `${path}.ts`, `${path}/index.ts`].find((candidate) => paths.has(candidate)) ?? null;
}

/**
 * Returns groups of modules that import each other, directly or through others: the strongly connected components of
 * two or more modules (Tarjan 1972, "Depth-first search and linear graph algorithms").
 * @param {ReadonlyMap<string, readonly string[]>} graph imports by module
 */
export function circlesIn(graph) {
  const index = new Map();
  const low = new Map();
  const stack = [];
  const circles = [];
  const visit = (module) => {
    index.set(module, index.size);
    low.set(module, index.get(module));
    stack.push(module);
    for (const next of graph.get(module) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(module, Math.min(low.get(module), low.get(next)));
    }
    if (low.get(module) !== index.get(module)) return;
    const circle = stack.splice(stack.indexOf(module));
    if (circle.length > 1) circles.push(circle);
  };
  for (const module of graph.keys()) if (!index.has(module)) visit(module);
  return circles;
}

function importGraph(root) {
  const filesIn = (folder) =>
    readdirSync(posix.join(root, folder), { recursive: true }).map((path) =>
      posix.join(folder, path.replaceAll('\\', '/')),
    );
  const code = (path) => /\.(ts|svelte|js|mjs)$/.test(path);
  const paths = new Set(['src', 'workers', 'tools'].flatMap(filesIn).filter(code));
  const importsOf = (path) =>
    relativeImports(readFileSync(posix.join(root, path), 'utf8')).flatMap(
      (specifier) => resolveImport(path, specifier, paths) ?? [],
    );
  return { paths, graph: new Map([...paths].map((path) => [path, importsOf(path)])) };
}

/** Returns the eslint rule; `root` is the project's root folder. The rule reads all modules once per run of eslint. */
export function importCirclesRule(root) {
  let known;
  const read = () => {
    const { paths, graph } = importGraph(root);
    const circleOf = new Map();
    for (const circle of circlesIn(graph)) for (const module of circle) circleOf.set(module, circle);
    return { paths, circleOf };
  };
  return {
    meta: { type: 'problem', schema: [], docs: { description: 'modules do not import each other in a circle' } },
    create(context) {
      known ??= read();
      const { paths, circleOf } = known;
      const path = posix.relative(root.replaceAll('\\', '/'), context.filename.replaceAll('\\', '/'));
      const circle = circleOf.get(path);
      if (!circle) return {};
      const check = (node) => {
        const specifier = node.source?.value;
        if (typeof specifier !== 'string' || !specifier.startsWith('.')) return;
        const target = resolveImport(path, specifier, paths);
        if (target && circle.includes(target))
          context.report({ node: node.source, message: `import circle: ${circle.join(', ')}` });
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
