import { AppError } from '../../src/domain/errors';
import { own } from '../../src/domain/errorWords';
import { excerptOf, parseForeignJson } from '../../src/domain/foreignJson';
import type { FileDType } from '../../src/domain/modelTensors';
import { fileDTypeBytes, isFileDType, fileTensorToFloat32, type TensorFile } from './tensorFile';
import { modelError as invalid } from './modelError';

/** Limit that the format sets on the length of the header. */
const maxHeaderBytes = 100_000_000;

interface SafetensorsTensor {
  /** May be a type that cannot be read, such as F8_E4M3; this matters only if the tensor is read. */
  dtype: string;
  shape: number[];
  /** Byte offsets from the start of the file. */
  begin: number;
  end: number;
}

interface SafetensorsHeader {
  file: string;
  tensors: Map<string, SafetensorsTensor>;
  metadata: Record<string, string>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns the offset of the quote that closes the string opened at `open`, in valid JSON. */
function closingQuote(text: string, open: number): number {
  const special = /["\\]/g;
  special.lastIndex = open + 1;
  for (let match = special.exec(text); match; match = special.exec(text)) {
    if (match[0] === '"') return match.index;
    special.lastIndex = match.index + 2;
  }
  return text.length;
}

/**
 * Returns the first key that occurs twice in one object, because JSON.parse would silently keep only its last value.
 * Scans strings quote by quote: a single regular expression over whole strings overflows the stack on metadata of
 * several megabytes.
 */
function duplicateKey(text: string): string | undefined {
  const keys: Set<string>[] = [];
  const token = /["{}]/g;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    if (match[0] === '{') keys.push(new Set());
    else if (match[0] === '}') keys.pop();
    else {
      const close = closingQuote(text, match.index);
      token.lastIndex = close + 1;
      if (!isKey(text, close + 1)) continue;
      const key = text.slice(match.index + 1, close);
      if (keys.at(-1)?.has(key)) return key;
      keys.at(-1)?.add(key);
    }
  }
  return undefined;
}

/** Whether a colon follows the string that ends at `end`. */
function isKey(text: string, end: number): boolean {
  const colon = /\s*:/y;
  colon.lastIndex = end;
  return colon.test(text);
}

function byteCount(shape: number[], dtype: FileDType): number {
  return shape.reduce((product, size) => product * size, fileDTypeBytes[dtype]);
}

function tensorOf(file: string, name: string, value: unknown, dataBegin: number): SafetensorsTensor {
  const offsets = isRecord(value) ? value['data_offsets'] : undefined;
  const shape = isRecord(value) ? value['shape'] : undefined;
  const dtype = isRecord(value) ? value['dtype'] : undefined;
  if (typeof dtype !== 'string')
    throw invalid(file, 'header-invalid', { tensor: name, found: excerptOf(dtype) ?? own('no-value') });
  const isSize = (size: unknown): size is number => typeof size === 'number' && Number.isSafeInteger(size) && size >= 0;
  if (!Array.isArray(shape) || !shape.every(isSize))
    throw invalid(file, 'tensor-shape', { tensor: name, found: excerptOf(shape) ?? own('no-value') });
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize))
    throw invalid(file, 'header-invalid', { tensor: name, found: excerptOf(offsets) ?? own('no-value') });
  const [begin = 0, end = 0] = offsets;
  const expected = isFileDType(dtype) ? byteCount(shape, dtype) : Math.max(0, end - begin);
  if (!Number.isSafeInteger(expected) || end - begin !== expected)
    throw invalid(file, 'tensor-shape', {
      tensor: name,
      expected: own('bytes', expected),
      found: own('bytes', end - begin),
    });
  return { dtype, shape, begin: dataBegin + begin, end: dataBegin + end };
}

/** Throws unless the tensors fill the data section without gaps or overlaps, right to the end of the file. */
function checkContiguous(header: SafetensorsHeader, dataBegin: number, fileBytes: number): void {
  let at = dataBegin;
  const byOffset = [...header.tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  for (const [tensor, { begin, end }] of byOffset) {
    if (begin !== at)
      throw invalid(header.file, 'header-invalid', {
        tensor,
        expected: own('offset', at - dataBegin),
        found: own('offset', begin - dataBegin),
      });
    at = end;
  }
  if (at > fileBytes) throw invalid(header.file, 'truncated', { expected: `${at}`, found: `${fileBytes}` });
  if (at < fileBytes)
    throw invalid(header.file, 'header-invalid', { expected: own('bytes', at), found: own('bytes', fileBytes) });
}

function parseHeader(file: string, text: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = parseForeignJson(text);
  } catch (cause) {
    throw new AppError({ kind: 'model-invalid', file, fault: 'header-invalid', found: own('not-json') }, { cause });
  }
  if (!isRecord(parsed)) throw invalid(file, 'header-invalid', { found: own('not-an-object') });
  const twice = duplicateKey(text);
  if (twice !== undefined) throw invalid(file, 'header-invalid', { tensor: twice, found: own('duplicate-name') });
  return parsed;
}

/** Reads and validates the header as strictly as the safetensors library does. Does not read the data. */
export async function readSafetensorsHeader(blob: Blob, file: string): Promise<SafetensorsHeader> {
  if (blob.size === 0) throw invalid(file, 'empty');
  if (blob.size < 8) throw invalid(file, 'truncated', { expected: '8', found: `${blob.size}` });
  const length = new DataView(await blob.slice(0, 8).arrayBuffer()).getBigUint64(0, true);
  if (length > BigInt(maxHeaderBytes))
    throw invalid(file, 'header-invalid', {
      expected: own('at-most-bytes', maxHeaderBytes),
      found: own('bytes', String(length)),
    });
  const dataBegin = 8 + Number(length);
  if (dataBegin > blob.size) throw invalid(file, 'truncated', { expected: `${dataBegin}`, found: `${blob.size}` });
  const text = new TextDecoder().decode(await blob.slice(8, dataBegin).arrayBuffer());
  const { __metadata__: metadata = {}, ...entries } = parseHeader(file, text);
  const tensors = new Map(
    Object.entries(entries).map(([name, value]) => [name, tensorOf(file, name, value, dataBegin)] as const),
  );
  const header = {
    file,
    tensors,
    metadata: isRecord(metadata)
      ? Object.fromEntries(Object.entries(metadata).map(([k, v]) => [k, typeof v === 'string' ? v : JSON.stringify(v)]))
      : {},
  };
  checkContiguous(header, dataBegin, blob.size);
  return header;
}

/** Returns one tensor's values as float32, row-major. Throws `model-invalid` (`tensor-missing`, `tensor-dtype`). */
export async function readSafetensorsTensor(
  blob: Blob,
  header: SafetensorsHeader,
  name: string,
): Promise<Float32Array> {
  const tensor = header.tensors.get(name);
  if (!tensor) throw invalid(header.file, 'tensor-missing', { tensor: name });
  const { dtype, begin, end } = tensor;
  const values = isFileDType(dtype)
    ? fileTensorToFloat32(await blob.slice(begin, end).arrayBuffer(), dtype)
    : undefined;
  if (!values) throw invalid(header.file, 'tensor-dtype', { tensor: name, expected: 'F32, F16, BF16', found: dtype });
  return values;
}

/** Returns one tensor's bytes unchanged. Throws `model-invalid` (`tensor-missing`). */
async function readTensorBytes(blob: Blob, header: SafetensorsHeader, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const tensor = header.tensors.get(name);
  if (!tensor) throw invalid(header.file, 'tensor-missing', { tensor: name });
  return new Uint8Array(await blob.slice(tensor.begin, tensor.end).arrayBuffer());
}

/** Opens a safetensors file. Reads only its header. */
export async function openSafetensors(blob: Blob, file: string): Promise<TensorFile> {
  const header = await readSafetensorsHeader(blob, file);
  return {
    file,
    tensors: header.tensors,
    fileOf: () => file,
    read: (name) => readSafetensorsTensor(blob, header, name),
    readBytes: (name) => readTensorBytes(blob, header, name),
  };
}

interface SafetensorsEntry {
  name: string;
  shape: number[];
  /** Type of the values that `read` returns. Defaults to F32. */
  dtype?: FileDType;
}

/**
 * Yields the bytes of a file, with one tensor in memory at a time. Wider types come first, so that every tensor is
 * aligned to its type. Spaces pad the header to a multiple of 8 bytes.
 */
export async function* writeSafetensors(
  tensors: readonly SafetensorsEntry[],
  read: (name: string) => Promise<Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>>,
  metadata: Record<string, string> = { format: 'pt' },
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  const width = ({ dtype = 'F32' }: SafetensorsEntry): number => fileDTypeBytes[dtype];
  const entries = [...tensors].sort((a, b) => width(b) - width(a));
  let at = 0;
  for (const { name, shape, dtype = 'F32' } of entries) {
    const end = at + byteCount(shape, dtype);
    header[name] = { dtype, shape, data_offsets: [at, end] };
    at = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(8 + Math.ceil(text.length / 8) * 8).fill(0x20);
  new DataView(padded.buffer).setBigUint64(0, BigInt(padded.length - 8), true);
  padded.set(text, 8);
  yield padded;
  for (const { name } of entries) {
    const { buffer, byteOffset, byteLength } = await read(name);
    yield new Uint8Array(buffer, byteOffset, byteLength);
  }
}
