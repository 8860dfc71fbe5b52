import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { en } from '../../../src/ui/i18n/en';

type Path = readonly string[];

function nodeAt(path: Path): unknown {
  return path.reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], en);
}
function isGroup(node: unknown): node is Record<string, unknown> {
  return typeof node === 'object' && node !== null;
}
/** Returns the paths of all texts at or below a place in the dictionary, joined by dots. */
function textsBelow(path: Path): string[] {
  const node = nodeAt(path);
  return isGroup(node) ? Object.keys(node).flatMap((key) => textsBelow([...path, key])) : [path.join('.')];
}

const keysIn = (text: string): string[] => text.match(/\w+/g) ?? [];

/**
 * Returns the texts that a source file uses. Follows names for a part of the dictionary, such as a derived `t`, a
 * destructured part, or a parameter of type `Dictionary`. If a part is indexed or passed on, all of its texts count as
 * used.
 */
function textsUsedIn(source: string): string[] {
  const names = new Map<string, Path[]>([['i18n.t', [[]]]]);
  const learn = (name: string, path: Path): void => {
    if (name.startsWith('{')) for (const key of keysIn(name)) learn(key, [...path, key]);
    else names.set(name, [...(names.get(name) ?? []), path]);
  };
  let rest = source.replace(/<style>[^]*<\/style>/, '');
  const parameter = /(\w+|\{[\w\s,]*\}): Dictionary((?:\['\w+'\])*)/g;
  rest = rest.replace(parameter, (_, name: string, part: string) => {
    learn(name, keysIn(part));
    return '';
  });
  const definition = /const (\w+|\{[\w\s,]*\}) = (?:\$derived\()?(i18n\.t|\w+)((?:\.\w+)*)\)?;/g;
  rest = rest.replace(definition, (all, name: string, from: string, part: string) => {
    const paths = names.get(from);
    for (const path of [...(paths ?? [])]) learn(name, [...path, ...keysIn(part)]);
    return paths ? '' : all;
  });
  return [...names].flatMap(([name, paths]) => {
    const use = new RegExp(`(?<![\\w.'’-])${name.replace('.', '\\.')}\\b(?![-:])((?:\\.\\w+)*)`, 'g');
    return [...rest.matchAll(use)].flatMap(([, part = '']) => paths.flatMap((path) => usedAt(path, keysIn(part))));
  });
}

function usedAt(start: Path, keys: string[]): string[] {
  let path = start;
  for (const key of keys) {
    if (!isGroup(nodeAt(path)) || nodeAt([...path, key]) === undefined) break;
    path = [...path, key];
  }
  // An empty path means that the whole dictionary is passed to a function. The texts it uses are counted there.
  return path.length === 0 ? [] : textsBelow(path);
}

const folder = new URL('../../../src/', import.meta.url);
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(ts|svelte)$/.test(path) && !/i18n\/(zh|en)\.ts$/.test(path))
  .map((path) => readFileSync(new URL(path, folder), 'utf8'));

describe('the texts of the page', () => {
  it('are all shown somewhere', () => {
    const used = new Set(sources.flatMap(textsUsedIn));
    expect(textsBelow([]).filter((text) => !used.has(text))).toEqual([]);
  });

  it('count as used only if a name refers to them', () => {
    expect(textsUsedIn('const t = $derived(i18n.t.split); {t.title}')).toEqual(['split.title']);
    expect(textsUsedIn('const { title } = i18n.t.split; {title}')).toEqual(['split.title']);
    expect(textsUsedIn("f(t: Dictionary['split']) { t.title }")).toEqual(['split.title']);
    expect(textsUsedIn('i18n.t.train.groups[name]')).toEqual(textsBelow(['train', 'groups']));
    expect(textsUsedIn('const t = $derived(i18n.t.split); {other.title}')).toEqual([]);
  });
});
