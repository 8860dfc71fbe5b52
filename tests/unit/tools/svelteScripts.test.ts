import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import svelteParser from 'svelte-eslint-parser';
import type { Node, Program } from 'typescript';
import { describe, expect, it, onTestFinished } from 'vitest';
import { svelteScriptParser } from '../../../tools/lint/svelteScripts';

const component = (call: string) => `<script lang="ts">
  import { load } from './load.svelte';
  let { name }: { name: string } = $props();
  const loaded = ${call};
</script>
<p>{name} {loaded}</p>
`;

/** Returns a folder, deleted after the test, with a tsconfig, two components and a module that they import. */
function project(): string {
  const folder = mkdtempSync(join(tmpdir(), 'recallsmith-lint-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const files = {
    'tsconfig.json': '{ "compilerOptions": { "lib": ["ES2023"], "types": [], "strict": true }, "include": ["*"] }',
    'load.svelte.ts': 'export const load = async (name: string): Promise<number> => name.length;\n',
    'A.svelte': component('load(name)'),
    'B.svelte': component('load("b")'),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** Returns the program that serves a file, and the type of its variable `loaded`. */
function parsed(folder: string, parser: unknown, name: string, code: string): { program: Program; type: string } {
  const { ast, services } = svelteParser.parseForESLint(code, {
    ...{ filePath: join(folder, name), parser, project: ['tsconfig.json'], tsconfigRootDir: folder },
    ...{ extraFileExtensions: ['.svelte'], loc: true, range: true },
  });
  const { program, nodes }: { program: Program; nodes: { get: (node: unknown) => Node } } = {
    program: services['program'],
    nodes: services['esTreeNodeToTSNodeMap'],
  };
  const script = ast.body.find(({ type }) => type === 'SvelteScriptElement');
  const declaration = script && 'body' in script ? script.body.at(-1) : undefined;
  if (declaration?.type !== 'VariableDeclaration') throw new Error('no declaration');
  const checker = program.getTypeChecker();
  return {
    program,
    type: checker.typeToString(checker.getTypeAtLocation(nodes.get(declaration.declarations[0]))),
  };
}

describe('the parser for scripts of Svelte files', () => {
  it('type-checks all files in one program, and a changed file with its new text', () => {
    const folder = project();
    const parser = svelteScriptParser(folder, 'tsconfig.json');
    const first = parsed(folder, parser, 'A.svelte', component('load(name)'));
    const second = parsed(folder, parser, 'B.svelte', component('load("b")'));
    expect([first.type, second.type]).toEqual(['Promise<number>', 'Promise<number>']);
    expect(second.program).toBe(first.program);
    const changed = parsed(folder, parser, 'A.svelte', component('await load(name)'));
    expect(changed.type).toBe('number');
  });
});
