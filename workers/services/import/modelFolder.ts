import { own } from '../../../src/domain/errorWords';
import { modelTextFiles } from '../../../src/domain/import/modelFiles';
import type { FolderFile } from '../../../src/protocol/dataApi';
import { modelError } from '../../formats/modelError';
import { isJsonObject, parseModelValue, wrongShape } from './parseModelJson';
import { refuseLfsPointer } from './lfsPointer';

/** Other names that sentence-transformers gave to sentence_bert_config.json, one per encoder class. */
const sentenceConfigs = ['roberta', 'distilbert', 'camembert', 'albert', 'xlm-roberta', 'xlnet'].map(
  (name) => `sentence_${name}_config.json`,
);

export interface ModelFolder {
  /** Files of the transformer, by name: weights, vocabulary and configuration. */
  transformer: ReadonlyMap<string, File>;
  /** The text files that are stored, by their path in an exported folder. */
  texts: Record<string, string>;
  /** Whether modules.json lists a Normalize module. Undefined if there is no modules.json. */
  normalizes: boolean | undefined;
}

interface Module {
  type: string;
  path: string;
}

/** Returns a file as text. Throws `not-utf8` instead of replacing bytes, which would change a vocabulary. */
export async function readModelText(file: File, name: string): Promise<string> {
  await refuseLfsPointer(file, name);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
  } catch (thrown) {
    if (thrown instanceof TypeError) throw modelError(name, 'not-utf8');
    throw thrown;
  }
}

/** Matches the folder of a sentence-transformers module other than the transformer. */
const moduleFolder = /(?:^|\/)\d+_(?!Transformer\/)[^/]+\/$/;

/**
 * Returns the files of the model by their path from its root, which is the folder with the shallowest modules.json or
 * config.json.
 */
function rootFiles(files: FolderFile[]): Map<string, File> {
  const folders = new Set<string>();
  for (const { path } of files) {
    const match = /^(.*\/)?(?:modules|config)\.json$/.exec(path);
    if (match && !moduleFolder.test(match[1] ?? '')) folders.add(match[1] ?? '');
  }
  const depth = (folder: string): number => folder.split('/').length;
  const [root, other] = [...folders].sort((a, b) => depth(a) - depth(b));
  if (root === undefined) {
    refuseAdapter(files.map(({ path }) => path.replace(/^.*\//, '')));
    throw modelError('config.json', 'missing-file');
  }
  if (other !== undefined && depth(other) === depth(root))
    throw modelError('config.json', 'several-models', { expected: root, found: other });
  return below(new Map(files.map(({ path, file }) => [path, file])), root);
}

/** Throws if an adapter is among the names of a folder's files. Without it, the vectors would be the base model's. */
function refuseAdapter(names: Iterable<string>): void {
  for (const name of names) if (name === 'adapter_config.json') throw modelError(name, 'adapter');
}

function below(files: ReadonlyMap<string, File>, folder: string): Map<string, File> {
  const inside = [...files].filter(([path]) => path.startsWith(folder));
  return new Map(inside.map(([path, file]) => [path.slice(folder.length), file]));
}

function folderOf(path: string): string {
  const trimmed = path.replaceAll(/^(?:\.?\/)+|\/+$/g, '');
  return trimmed === '' || trimmed === '.' ? '' : `${trimmed}/`;
}

/** Reads modules.json. Keeps only the class name at the end of each class path. */
function readModules(text: string): Module[] {
  const list = parseModelValue('modules.json', text);
  if (!Array.isArray(list)) throw wrongShape('modules.json', list, own('list'));
  return list.map((module: unknown) => {
    const { type, path = '' } = isJsonObject(module) ? module : {};
    if (typeof type !== 'string' || typeof path !== 'string')
      throw wrongShape('modules.json', module, own('object-with', 'type, path'));
    return { type: type.split('.').at(-1) ?? type, path };
  });
}

/** Throws unless the modules are a transformer, then pooling, then normalization; the latter two may be absent. */
function checkModules(modules: Module[]): void {
  const order = ['Transformer', 'Pooling', 'Normalize'];
  let last = -1;
  for (const { type, path } of modules) {
    const place = order.indexOf(type);
    if (place <= last || (last < 0 && place > 0))
      throw modelError('modules.json', 'module-unsupported', { found: path === '' ? type : `${path} (${type})` });
    last = place;
  }
  if (modules.length === 0) throw modelError('modules.json', 'module-unsupported', { found: '[]' });
}

/** Throws if a folder such as 2_Dense shows that a model without modules.json has an unsupported module. */
function checkModuleFolders(root: ReadonlyMap<string, File>): void {
  for (const path of root.keys()) {
    const [, folder, type = ''] = /^(\d+_([A-Za-z]+))\/config\.json$/.exec(path) ?? [];
    if (folder !== undefined && !['Transformer', 'Pooling', 'Normalize'].includes(type))
      throw modelError(path, 'module-unsupported', { found: folder });
  }
}

/**
 * Finds the parts of a model folder. Also accepts layouts in which modules.json puts the transformer in a subfolder.
 */
export async function openModelFolder(files: FolderFile[]): Promise<ModelFolder> {
  const root = rootFiles(files);
  const modulesFile = root.get('modules.json');
  const modules = modulesFile && readModules(await readModelText(modulesFile, 'modules.json'));
  if (modules) checkModules(modules);
  else checkModuleFolders(root);
  const folder = (type: string, otherwise: string): string =>
    folderOf(modules?.find((module) => module.type === type)?.path ?? otherwise);
  const transformer = below(root, folder('Transformer', ''));
  refuseAdapter(transformer.keys());
  const texts: Record<string, string> = {};
  for (const path of modelTextFiles) {
    const file = placeOf(path, root, transformer, folder('Pooling', '1_Pooling'));
    if (file) texts[path] = await readModelText(file, path);
  }
  return { transformer, texts, normalizes: modules?.some(({ type }) => type === 'Normalize') };
}

function placeOf(
  path: (typeof modelTextFiles)[number],
  root: ReadonlyMap<string, File>,
  transformer: ReadonlyMap<string, File>,
  pooling: string,
): File | undefined {
  switch (path) {
    case 'modules.json':
    case 'config_sentence_transformers.json':
      return root.get(path);
    case '1_Pooling/config.json':
      return root.get(`${pooling}config.json`);
    case 'sentence_bert_config.json':
      return [path, ...sentenceConfigs].map((name) => transformer.get(name)).find((file) => file !== undefined);
    default:
      return transformer.get(path);
  }
}
