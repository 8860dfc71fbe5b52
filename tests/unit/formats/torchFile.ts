import { downloadZip } from 'client-zip';

const text = (value: string): number[] => [...new TextEncoder().encode(value)];

/** Opcodes of pickle protocol 2 with their operands. */
export const op = {
  begin: [0x80, 2],
  stop: [0x2e],
  mark: [0x28],
  dict: [0x7d],
  setItems: [0x75],
  emptyTuple: [0x29],
  reduce: [0x52],
  persistentId: [0x51],
  tuple: [0x74],
  no: [0x89],
  string: (value: string) => [0x58, text(value).length, 0, 0, 0, ...text(value)],
  global: (module: string, name: string) => [0x63, ...text(`${module}\n${name}\n`)],
  int: (value: number) => [0x4a, value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24],
};

export interface TorchTensor {
  name?: string;
  key?: string;
  elements?: number;
  offset?: number;
  shape?: number[];
  strides?: number[];
  storage?: string;
}

function tensorOps(tensor: TorchTensor): number[] {
  const { name = 'w', key = '0', elements = 6, offset = 0, storage = 'FloatStorage' } = tensor;
  const { shape = [6], strides = [1] } = tensor;
  const sizes = (values: number[]): number[] => [...op.mark, ...values.flatMap(op.int), ...op.tuple];
  const id = [...op.string('storage'), ...op.global('torch', storage), ...op.string(key), ...op.string('cpu')];
  const storageOps = [...op.mark, ...id, ...op.int(elements), ...op.tuple, ...op.persistentId];
  const hooks = [...op.global('collections', 'OrderedDict'), ...op.emptyTuple, ...op.reduce];
  const args = [...storageOps, ...op.int(offset), ...sizes(shape), ...sizes(strides), ...op.no, ...hooks];
  const rebuild = op.global('torch._utils', '_rebuild_tensor_v2');
  return [...op.string(name), ...rebuild, ...op.mark, ...args, ...op.tuple, ...op.reduce];
}

/** Returns the opcodes of a state dict. */
export function stateOps(...tensors: TorchTensor[]): number[] {
  return dictOps(...tensors.map(tensorOps));
}

/** Returns the opcodes of a dict. Each entry is a key and its value. */
export function dictOps(...entries: number[][]): number[] {
  return [...op.dict, ...op.mark, ...entries.flat(), ...op.setItems];
}

/** Returns the pickle of a state dict, as torch.save writes it. */
export function statePickle(...tensors: TorchTensor[]): number[] {
  return [...op.begin, ...stateOps(...tensors), ...op.stop];
}

/** Returns a file in the form of torch 1.6 and newer. Storage i has the key i. */
export function torchArchive(pickle: number[], ...storages: Float32Array<ArrayBuffer>[]): Promise<Blob> {
  return downloadZip([
    { name: 'x/data.pkl', input: new Uint8Array(pickle) },
    ...storages.map((values, key) => ({ name: `x/data/${key}`, input: new Uint8Array(values.buffer) })),
  ]).blob();
}
