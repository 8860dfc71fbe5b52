import { own, type Said } from '../../../src/domain/errorWords';
import { canonicalJson } from '../../../src/domain/canonicalJson';
import { AppError } from '../../../src/domain/errors';
import { sha256Hasher, sha256Hex, type Hasher } from '../../../src/domain/hash';
import type { StoredTensor } from '../../../src/domain/modelTensors';
import { blockPath } from '../../../src/domain/project/manifest';
import { blockSchema, rowsSchemas } from '../../../src/domain/project/contentSchemas';
import { sameValue } from '../../../src/domain/project/sameValue';
import { hasTitle, rowsPerBlock, type Dataset, type Row } from '../../../src/domain/records';
import type { Database } from '../../../src/storage/database';
import type { DatasetBlock } from '../../../src/storage/schema';
import { WeightWriter } from '../../../src/storage/weights';
import { charactersOf } from '../import/datasetWriter';
import { KeptColumns } from '../import/keptColumns';
import { encoderLayout } from '../import/encoderTensors';
import { readEncoderConfig } from '../import/importModelConfig';
import { fullIdentity } from '../import/modelIdentity';
import type { ModelInFile, WeightsInFile } from './projectContent';
import type { ProjectReader } from './projectReader';

/** Copies weights from the file to storage under `weightsId`. Returns their size and the hash of all bytes. */
export async function storeWeights(
  db: Database,
  reader: ProjectReader,
  { paths }: WeightsInFile,
  weightsId: string,
  each: (bytes: Uint8Array<ArrayBuffer>, at: number) => void = () => undefined,
): Promise<{ sha256: string; bytes: number }> {
  const writer = new WeightWriter(db, weightsId);
  const hasher = await sha256Hasher();
  let at = 0;
  for (const path of paths) {
    const bytes = await reader.read(path);
    hasher.update(bytes);
    each(bytes, at);
    await writer.write(bytes);
    at += bytes.length;
  }
  await writer.finish();
  return { sha256: hasher.hex(), bytes: at };
}

/** Adds to the hash those bytes of a chunk that belong to tensors, without the padding between them. */
function hashTensors(hasher: Hasher, tensors: readonly StoredTensor[], chunk: Uint8Array, at: number): void {
  for (const { offset, length } of tensors) {
    const [begin, end] = [Math.max(offset * 4 - at, 0), Math.min((offset + length) * 4 - at, chunk.length)];
    if (begin < end) hasher.update(chunk.subarray(begin, end));
  }
}

/** Stores a model's weights under `weightsId`. Throws if their layout or content does not match the model's record. */
export async function storeModelWeights(
  db: Database,
  reader: ProjectReader,
  model: ModelInFile,
  weightsId: string,
): Promise<void> {
  const invalid = (reason: Said, cause?: unknown): AppError =>
    reader.invalid(`models.json ${model.contentSha256}`, reason, cause);
  const { 'config.json': config, 'tokenizer.json': tokenizer } = model.files;
  if (config === undefined || tokenizer === undefined)
    throw invalid(own('model-files-missing', 'config.json, tokenizer.json'));
  let identity;
  const hasher = (await sha256Hasher()).update(config).update(tokenizer);
  try {
    const expected = readEncoderConfig(config);
    if (!sameValue(model.config, expected)) throw invalid(own('settings-differ', 'config.json'));
    if (expected.layers > model.tensors.length) throw invalid(own('unknown-layout'));
    const { tensors, totalFloats } = encoderLayout(expected);
    if (!sameValue([model.tensors, model.totalFloats], [tensors, totalFloats])) throw invalid(own('unknown-layout'));
    identity = (base: string) => fullIdentity(base, model);
  } catch (cause) {
    throw cause instanceof AppError && cause.details.kind === 'project-invalid'
      ? cause
      : invalid(own('model-files-unreadable'), cause);
  }
  const { bytes } = await storeWeights(db, reader, model.weights, weightsId, (chunk, at) =>
    hashTensors(hasher, model.tensors, chunk, at),
  );
  const base = hasher.hex();
  const expected = model.aliasOf === undefined ? [base, await identity(base)] : [base];
  if (bytes !== model.totalFloats * 4 || !expected.includes(model.contentSha256)) throw invalid(own('damaged'));
  if (model.aliasOf !== undefined && model.aliasOf !== (await identity(base))) throw invalid(own('another-model'));
}

/**
 * Passes the blocks of a data set to `store` and returns its record, with characters and titles counted. Throws if a
 * row is invalid, or if the rows or their kept columns do not match the record.
 */
export async function storeBlocks(
  reader: ProjectReader,
  dataset: Dataset,
  store: (block: DatasetBlock) => Promise<void>,
): Promise<Dataset> {
  const { contentSha256, role } = dataset;
  const hasher = await sha256Hasher();
  const keptColumns = await KeptColumns.open();
  const ids = new Set<string>();
  let [rows, characters, titles] = [0, 0, 0];
  for (let block = 0; rows < dataset.rows; block++) {
    const path = blockPath(contentSha256, block);
    const stored = await reader.record(path, blockSchema);
    const expected = Math.min(rowsPerBlock, dataset.rows - rows);
    if (stored.contentSha256 !== contentSha256 || stored.block !== block || stored.rows.length !== expected)
      throw reader.invalid(path, own('not-next'));
    const checked: Row[] = reader.parse(path, rowsSchemas[role], stored.rows);
    let text = '';
    for (const row of checked) {
      text += canonicalRow(reader, path, row);
      keptColumns.add(row.kept);
      ids.add(row.id);
      characters += charactersOf(row);
      if ('title' in row && hasTitle(row)) titles += 1;
    }
    if ((await sha256Hex(text)) !== stored.sha256) throw reader.invalid(path, own('hash-differs'));
    hasher.update(text);
    await store({ contentSha256, block, rows: checked, sha256: stored.sha256 });
    rows += checked.length;
  }
  if (
    hasher.hex() !== contentSha256 ||
    ids.size !== rows ||
    !sameValue(keptColumns.finish() ?? undefined, dataset.kept)
  )
    throw reader.invalid(`datasets.json ${contentSha256}`, own('hash-differs'));
  return { ...dataset, characters, ...(dataset.titles === undefined ? {} : { titles }) };
}

function canonicalRow(reader: ProjectReader, path: string, row: Row): string {
  try {
    // Kept columns have a separate hash, as in `DatasetWriter`.
    const { kept: _, ...content } = row;
    return `${canonicalJson(content)}\n`;
  } catch (cause) {
    throw reader.invalid(path, row.id.slice(0, 80), cause);
  }
}
