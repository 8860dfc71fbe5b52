import { isOnnxFile } from '../onnxModel';
import type { HubFile } from './hub';
import { modelTextFiles } from './modelFiles';

/** Formats of weights, in order of preference. */
const weightForms = [
  { form: 'safetensors', file: 'model.safetensors' },
  { form: 'safetensors-shards', file: 'model.safetensors.index.json' },
  { form: 'bin', file: 'pytorch_model.bin' },
  { form: 'bin-shards', file: 'pytorch_model.bin.index.json' },
] as const;
export type WeightForm = (typeof weightForms)[number]['form'];

/**
 * The formats of weights and tokenizers that `importModel` reads. Other formats are not fetched, because the import
 * would refuse them after hundreds of megabytes.
 */
const importableFiles: { weights: readonly WeightForm[]; tokenizers: readonly string[] } = {
  weights: ['safetensors', 'safetensors-shards', 'bin', 'bin-shards'],
  tokenizers: ['tokenizer.json', 'vocab.txt'],
};

type HubFileChoice =
  | { kind: 'files'; files: HubFile[] }
  | { kind: 'missing'; file: string }
  /** There are weights, but none in a format that the import reads. `found` lists them. */
  | { kind: 'unsupported'; found: string };

/** The folder of the encoder in older layouts, in which modules.json names it. */
const olderFolder = '0_Transformer/';

/** Returns the folder of the encoder: the root, or that of an older layout without weights at the root. */
export function encoderFolder(files: readonly Pick<HubFile, 'path'>[]): string {
  const paths = new Set(files.map(({ path }) => path));
  const isOlder = paths.has(`${olderFolder}config.json`) && !weightForms.some(({ file }) => paths.has(file));
  return isOlder ? olderFolder : '';
}

export function isWeightFile(path: string): boolean {
  return /\.(?:safetensors|bin)(?:\.index\.json)?$/.test(path) || isOnnxFile(path);
}

/**
 * Whether the import reads a text file that is not in `modelTextFiles`: the configuration of a module, which may be in
 * any folder, or a file under an older name.
 */
function isOtherText(path: string, folder: string): boolean {
  return (
    (/^[^/]+\/config\.json$/.test(path) && path !== `${folder}config.json`) ||
    (path.startsWith(folder) && /^(?:sentence_[a-z-]+_config|added_tokens)\.json$/.test(path.slice(folder.length)))
  );
}

/** Returns the shards that belong to an index, in order, or null if one is missing. */
function shardsOf(index: string, byPath: Map<string, HubFile>): HubFile[] | null {
  const [stem = '', extension = ''] = index.startsWith('model.') ? ['model', 'safetensors'] : ['pytorch_model', 'bin'];
  const pattern = new RegExp(`^${stem}-(\\d{5})-of-(\\d{5})\\.${extension}$`);
  const found = [...byPath].filter(([path]) => pattern.test(path)).sort(([a], [b]) => (a < b ? -1 : 1));
  const shards = found.map(([, file]) => file);
  const numbers = found.map(([path]) => pattern.exec(path)?.slice(1).map(Number) ?? []);
  const complete = numbers.length > 0 && numbers.every(([at, of], i) => at === i + 1 && of === numbers.length);
  return complete ? shards : null;
}

function weightsIn(form: (typeof weightForms)[number], byPath: Map<string, HubFile>): HubFile[] | null {
  const first = byPath.get(form.file);
  if (!first) return null;
  if (!form.form.endsWith('-shards')) return [first];
  const shards = shardsOf(form.file, byPath);
  return shards && [first, ...shards];
}

/**
 * Chooses the files that the import needs: configuration, tokenizer, pooling and the weights in the best format. Small
 * files come first, so that a model that cannot be used is refused early.
 */
export function chooseHubFiles(listed: readonly HubFile[], reads = importableFiles): HubFileChoice {
  const folder = encoderFolder(listed);
  const inside = listed.filter(({ path }) => path.startsWith(folder));
  const byPath = new Map(inside.map((file) => [file.path.slice(folder.length), file]));
  if (!byPath.has('config.json')) return { kind: 'missing', file: 'config.json' };
  if (!reads.tokenizers.some((path) => byPath.has(path)))
    return { kind: 'missing', file: reads.tokenizers[0] ?? 'tokenizer.json' };
  const weights = weightForms
    .filter(({ form }) => reads.weights.includes(form))
    .map((form) => weightsIn(form, byPath))
    .find((files) => files !== null);
  if (!weights) {
    const found = weightForms.map(({ file }) => file).filter((path) => byPath.has(path));
    return found.length > 0
      ? { kind: 'unsupported', found: found.join(', ') }
      : { kind: 'missing', file: 'model.safetensors' };
  }
  return { kind: 'files', files: [...textFilesOf(listed), ...weights] };
}

/** Returns the text files that an import reads: those of the encoder's folder or the root, then other modules'. */
export function textFilesOf(listed: readonly HubFile[]): HubFile[] {
  const folder = encoderFolder(listed);
  const byPath = new Map(listed.map((file) => [file.path, file]));
  const known = modelTextFiles.flatMap((path) => byPath.get(folder + path) ?? byPath.get(path) ?? []);
  return [...known, ...listed.filter((file) => isOtherText(file.path, folder) && !known.includes(file))];
}
