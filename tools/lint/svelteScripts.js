import { readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import svelteParser from 'svelte-eslint-parser';
import ts from 'typescript';
import { parser as tsParser } from 'typescript-eslint';

/** Whether svelte-eslint-parser rewrites the script of a file before TypeScript parses it. */
const isRewritten = (path) => /\.svelte(\.ts)?$/.test(path);

/** Returns the script into which svelte-eslint-parser turns a file, or undefined if it cannot parse the file. */
function rewrittenScript(filePath) {
  let script;
  const parseForESLint = (code, options) => {
    script = code;
    return tsParser.parseForESLint(code, options);
  };
  try {
    const parser = { ...tsParser, parseForESLint };
    svelteParser.parseForESLint(readFileSync(filePath, 'utf8'), { filePath, parser, loc: true, range: true });
    return script;
  } catch {
    return undefined;
  }
}

function fail({ messageText }) {
  throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'));
}

/** Returns a program of the files of a tsconfig, in which the scripts of Svelte files are rewritten. */
function createProgram(tsconfig) {
  const svelte = { extension: '.svelte', isMixedContent: true, scriptKind: ts.ScriptKind.Deferred };
  const system = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: fail };
  const config = ts.getParsedCommandLineOfConfigFile(tsconfig, {}, system, undefined, undefined, [svelte]);
  const options = { ...config.options, allowNonTsExtensions: true };
  const host = ts.createCompilerHost(options, true);
  const { getSourceFile } = host;
  host.getSourceFile = (path, target, ...rest) => {
    const script = isRewritten(path) ? rewrittenScript(path) : undefined;
    if (script === undefined) return getSourceFile(path, target, ...rest);
    return ts.createSourceFile(path, script, target, true, ts.ScriptKind.TS);
  };
  return ts.createProgram({ rootNames: config.fileNames, options, host });
}

/**
 * Returns a TypeScript parser for svelte-eslint-parser. All Svelte files that `tsconfig` includes share one program.
 * With typescript-eslint's own parser, each file would need a new type check of everything it imports, because its
 * rewritten script differs from the file on disk. Only files changed since then, as in an editor, are parsed in that
 * slow way.
 */
export function svelteScriptParser(root, tsconfig) {
  let program;
  return {
    ...tsParser,
    parseForESLint(code, options) {
      if (options.project == null) return tsParser.parseForESLint(code, options);
      program ??= createProgram(join(root, tsconfig));
      const isCurrent = program.getSourceFile(normalize(options.filePath))?.text === code;
      return tsParser.parseForESLint(
        code,
        isCurrent ? { ...options, project: undefined, programs: [program] } : options,
      );
    },
  };
}
