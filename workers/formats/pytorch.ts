import { AppError } from '../../src/domain/errors';
import { own } from '../../src/domain/errorWords';
import { PickleReader } from './pickle';
import { namedTensors, pickledTensors } from './pickledTensors';
import {
  isPickledKind,
  storageElementBytes,
  type PickledStorage,
  type PickledTensor,
  type PickledValue,
} from './pickledValues';
import { fileDTypeBytes, isFileDType, fileTensorToFloat32, type FileTensor, type TensorFile } from './tensorFile';
import { modelError } from './modelError';
import { readZipDirectory, zipEntryBlob } from './zip';

/** Limit on the pickle, which describes the tensors but does not contain them. BERT-large needs 0.1 MB. */
const maxPickleBytes = 16 * 1024 * 1024;
/** Magic number in the first pickle of a file that torch wrote before version 1.6. */
const legacyMagic = 0x1950a86a20f9469cfc6cn;
const legacyProtocol = 1001;

interface Opened {
  state: PickledValue;
  /** Returns the bytes of a storage as a slice of the file. */
  storage: (storage: PickledStorage) => Blob | undefined | Promise<Blob | undefined>;
}

/**
 * Runs `work`. Reports a damaged archive as damaged weights, because the zip reader's own error would mention a project
 * file.
 */
async function inArchive<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.details.kind === 'project-invalid')
      throw modelError(file, 'pickle-invalid', { found: thrown.details.reason });
    throw thrown;
  }
}

/** Opens the zip archive of torch 1.6 and newer: `NAME/data.pkl`, and one entry `NAME/data/KEY` per storage. */
async function openArchive(blob: Blob, file: string): Promise<Opened> {
  const entries = new Map((await readZipDirectory(blob, file)).map((entry) => [entry.path, entry]));
  const pickles = [...entries.values()].filter(({ path }) => /^[^/]+\/data\.pkl$/.test(path));
  const [pickle] = pickles;
  if (!pickle || pickles.length > 1) throw modelError(file, 'pickle-invalid', { found: own('no-data-pkl') });
  if (pickle.bytes > maxPickleBytes)
    throw modelError(file, 'pickle-unsupported', { found: own('pickle-above', maxPickleBytes / 2 ** 20) });
  const prefix = pickle.path.slice(0, -'data.pkl'.length);
  const order = entries.get(`${prefix}byteorder`);
  if (order && (await (await zipEntryBlob(blob, file, order)).text()) !== 'little')
    throw modelError(file, 'pickle-unsupported', { found: own('big-endian') });
  const state = new PickleReader(file, await (await zipEntryBlob(blob, file, pickle)).arrayBuffer()).next();
  return {
    state,
    storage: ({ key }) => {
      const entry = entries.get(`${prefix}data/${key}`);
      return entry && zipEntryBlob(blob, file, entry);
    },
  };
}

/**
 * Opens a file of torch 1.5 or older. It contains, as pickles, a magic number, the protocol, the machine, the state
 * dict and the list of storage keys. The storages follow in the order of the list, each preceded by its number of
 * elements.
 */
async function openLegacy(blob: Blob, file: string): Promise<Opened> {
  const reader = new PickleReader(file, await blob.slice(0, maxPickleBytes).arrayBuffer());
  if (reader.next() !== legacyMagic || reader.next() !== legacyProtocol)
    throw modelError(file, 'pickle-unsupported', { found: own('other-pickle') });
  const machine = reader.next();
  if (!isPickledKind(machine, 'dict') || machine.entries.get('little_endian') !== true)
    throw modelError(file, 'pickle-unsupported', { found: own('big-endian') });
  const state = reader.next();
  const keys = reader.next();
  if (!isPickledKind(keys, 'list')) throw modelError(file, 'pickle-invalid', { found: own('no-storage-list') });
  const storages = new Map([...pickledTensors(file, state)].map(({ tensor: { storage } }) => [storage.key, storage]));
  const blobs = new Map<string, Blob>();
  let at = reader.position;
  for (const key of keys.items) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    const width = storage && storageElementBytes(storage);
    if (!storage || width === undefined)
      throw modelError(file, 'pickle-unsupported', { found: storage?.dtype ?? own('storage-unused') });
    const begin = at + 8;
    if (begin > blob.size) throw modelError(file, 'truncated', { expected: `${begin}`, found: `${blob.size}` });
    const elements = Number(new DataView(await blob.slice(at, begin).arrayBuffer()).getBigInt64(0, true));
    if (elements !== storage.elements)
      throw modelError(file, 'pickle-invalid', { found: own('elements-in-storage', elements, storage.elements) });
    at = begin + elements * width;
    blobs.set(storage.key, blob.slice(begin, at));
  }
  if (at > blob.size) throw modelError(file, 'truncated', { expected: `${at}`, found: `${blob.size}` });
  return { state, storage: ({ key }) => blobs.get(key) };
}

function isContiguous({ shape, strides }: PickledTensor): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis] ?? 1;
  }
  return true;
}

/** Copies a tensor's elements of `width` bytes out of its part of the storage, in row-major order. */
function gather(source: Uint8Array, { shape, strides }: PickledTensor, width: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(shape.reduce((product, size) => product * size, width));
  const index = new Uint32Array(shape.length);
  let from = 0;
  for (let at = 0; at < bytes.length; at += width) {
    for (let byte = 0; byte < width; byte++) bytes[at + byte] = source[from * width + byte] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] ?? 0;
      const next = (index[axis] ?? 0) + 1;
      from += stride;
      index[axis] = next;
      if (next < (shape[axis] ?? 0)) break;
      from -= next * stride;
      index[axis] = 0;
    }
  }
  return bytes;
}

function unreadable(file: string, tensor: string, found: string): AppError {
  return modelError(file, 'tensor-dtype', { tensor, expected: 'F32, F16, BF16', found });
}

/** One of FileDType, or torch's name of a type that cannot be read. */
function dtypeOf({ dtype, storage }: PickledTensor): string {
  return dtype ?? storage.dtype;
}

/** Returns a tensor's bytes in its own type, row-major. */
async function readBytes(
  file: string,
  name: string,
  tensor: PickledTensor,
  opened: Opened,
): Promise<Uint8Array<ArrayBuffer>> {
  const { storage, offset, shape, strides } = tensor;
  const dtype = dtypeOf(tensor);
  if (!isFileDType(dtype)) throw unreadable(file, name, dtype);
  if (shape.includes(0)) return new Uint8Array(0);
  // Number of elements from the first to the last one that the tensor uses.
  const extent = shape.reduce((last, size, axis) => last + (size - 1) * (strides[axis] ?? 0), 0) + 1;
  const blob = await opened.storage(storage);
  const width = fileDTypeBytes[dtype];
  const found = blob?.size ?? 0;
  if (!blob || offset + extent > storage.elements || storage.elements * width > found)
    throw modelError(file, 'truncated', { expected: `${(offset + extent) * width}`, found: `${found}` });
  const bytes = new Uint8Array(await blob.slice(offset * width, (offset + extent) * width).arrayBuffer());
  return isContiguous(tensor) ? bytes : gather(bytes, tensor, width);
}

async function readTensor(file: string, name: string, tensor: PickledTensor, opened: Opened): Promise<Float32Array> {
  const dtype = dtypeOf(tensor);
  const bytes = await readBytes(file, name, tensor, opened);
  const values = isFileDType(dtype) ? fileTensorToFloat32(bytes.buffer, dtype) : undefined;
  if (!values) throw unreadable(file, name, dtype);
  return values;
}

/**
 * Opens a state dict written by torch.save. Nothing in it is executed; see PickleReader. Reads only the descriptions of
 * the tensors. Their values stay in the file until they are read.
 */
export async function openPytorch(blob: Blob, file: string): Promise<TensorFile> {
  const start = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  const isZip = start[0] === 0x50 && start[1] === 0x4b;
  const opened = await inArchive(file, () => (isZip ? openArchive(blob, file) : openLegacy(blob, file)));
  const pickled = namedTensors(file, opened.state);
  const tensors = new Map<string, FileTensor>();
  for (const [name, { tensor, wrappers }] of pickled)
    tensors.set(name, { dtype: dtypeOf(tensor), shape: tensor.shape, wrappers });
  const tensorOf = (name: string): PickledTensor => {
    const found = pickled.get(name);
    if (!found) throw modelError(file, 'tensor-missing', { tensor: name });
    return found.tensor;
  };
  return {
    file,
    tensors,
    fileOf: () => file,
    read: (name) => inArchive(file, () => readTensor(file, name, tensorOf(name), opened)),
    readBytes: (name) => inArchive(file, () => readBytes(file, name, tensorOf(name), opened)),
  };
}
