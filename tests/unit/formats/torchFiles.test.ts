import { downloadZip } from 'client-zip';
import { describe, expect, it } from 'vitest';
import { own, type Said } from '../../../src/domain/errorWords';
import { openPytorch } from '../../../workers/formats/pytorch';
import { op, statePickle, torchArchive, type TorchTensor } from './torchFile';

async function refusal(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'the file was accepted',
    (error: unknown) => (error as { details?: unknown }).details ?? error,
  );
}
const opening = (blob: Blob): Promise<unknown> => refusal(openPytorch(blob, 'w.bin'));
const refused = (fault: string, found: Said): object => ({ kind: 'model-invalid', file: 'w.bin', fault, found });

const values = Float32Array.of(0, 1, 2, 3, 4, 5);
const archive = (...tensors: TorchTensor[]): Promise<Blob> => torchArchive(statePickle(...tensors), values);
const zipOf = (files: Record<string, number[] | string>): Promise<Blob> =>
  downloadZip(
    Object.entries(files).map(([name, input]) => ({
      name,
      input: typeof input === 'string' ? input : Uint8Array.from(input),
    })),
  ).blob();

async function read(tensor: TorchTensor): Promise<number[]> {
  const { read } = await openPytorch(await archive(tensor), 'w.bin');
  return [...(await read('w'))];
}

describe('a tensor of a PyTorch file', () => {
  it.each<[string, TorchTensor, number[]]>([
    ['in row-major order as it is stored', { shape: [2, 3], strides: [3, 1] }, [0, 1, 2, 3, 4, 5]],
    ['transposed', { shape: [3, 2], strides: [1, 3] }, [0, 3, 1, 4, 2, 5]],
    ['from its offset', { offset: 2, shape: [2], strides: [1] }, [2, 3]],
    ['with every second element, from its offset', { offset: 1, shape: [3], strides: [2] }, [1, 3, 5]],
    ['with one element repeated', { offset: 4, shape: [3], strides: [0] }, [4, 4, 4]],
    ['with any stride along an axis of size 1', { shape: [2, 1, 3], strides: [3, 99, 1] }, [0, 1, 2, 3, 4, 5]],
    ['with three axes in reverse', { shape: [1, 3, 2], strides: [6, 1, 3] }, [0, 3, 1, 4, 2, 5]],
    ['without axes', { offset: 5, shape: [], strides: [] }, [5]],
    ['without elements', { offset: 9, shape: [2, 0], strides: [7, 1] }, []],
  ])('is read %s', async (_case, tensor, expected) => {
    expect(await read(tensor)).toEqual(expected);
  });

  it('may end with the last element of its storage', async () => {
    expect(await read({ offset: 1, shape: [5] })).toEqual([1, 2, 3, 4, 5]);
    const { read: readLonger } = await openPytorch(await archive({ offset: 1, shape: [6] }), 'w.bin');
    expect(await refusal(readLonger('w'))).toEqual({
      ...refused('truncated', '24'),
      expected: '28',
    });
  });

  it('keeps its own bytes, whatever its type', async () => {
    const file = await openPytorch(await archive({ storage: 'IntStorage', shape: [2], offset: 1 }), 'w.bin');
    expect(file.tensors.get('w')).toEqual({ dtype: 'I32', shape: [2], wrappers: 0 });
    expect([...new Float32Array((await file.readBytes('w')).buffer)]).toEqual([1, 2]);
    expect(await refusal(file.read('w'))).toMatchObject({ tensor: 'w', expected: 'F32, F16, BF16', found: 'I32' });
  });

  it('is refused with its name and file if it is not in the file, or its storage is not', async () => {
    const file = await openPytorch(await archive({ name: 'w' }, { name: 'v', key: '7' }), 'w.bin');
    expect([file.file, file.fileOf('w'), [...file.tensors.keys()]]).toEqual(['w.bin', 'w.bin', ['w', 'v']]);
    const missing = { kind: 'model-invalid', file: 'w.bin', fault: 'tensor-missing', tensor: 'u' };
    expect(await refusal(file.read('u'))).toEqual(missing);
    expect(await refusal(file.readBytes('u'))).toEqual(missing);
    expect(await refusal(file.read('v'))).toEqual({ ...refused('truncated', '0'), expected: '24' });
  });

  it('is refused as damaged weights if its entry of the archive is damaged', async () => {
    const whole = new Uint8Array(await (await archive({})).arrayBuffer());
    const data = new TextDecoder('latin1').decode(whole).indexOf('x/data/0') - 30;
    whole[data] = 0;
    const { read } = await openPytorch(new Blob([whole]), 'w.bin');
    expect(await refusal(read('w'))).toEqual(refused('pickle-invalid', own('damaged')));
  });

  it('is left out if its name is not text, and so are values that are not tensors', async () => {
    const [begin, stop] = [statePickle({ name: 'w' }).slice(0, -2), statePickle().slice(-2)];
    const pickle = [...begin, ...op.string('version'), ...op.int(2), ...op.int(1), ...op.emptyTuple, ...stop];
    const { tensors } = await openPytorch(await torchArchive(pickle, values), 'w.bin');
    expect([...tensors.keys()]).toEqual(['w']);
  });
});

describe('the archive of a PyTorch file', () => {
  const pickle = statePickle({});

  it('is recognized by its first two bytes', async () => {
    expect(await opening(new Blob(['PQ']))).toMatchObject({ fault: 'pickle-unsupported' });
    expect(await opening(new Blob(['PK']))).toEqual(refused('pickle-invalid', own('not-a-zip')));
    expect(await opening(new Blob(['QK']))).toEqual(refused('pickle-invalid', own('stack-empty')));
  });

  it.each<[string, Record<string, number[] | string>]>([
    ['no pickle', { 'x/data/0': [1] }],
    ['a pickle outside its folder', { 'data.pkl': pickle }],
    ['a pickle in a folder of the folder', { 'x/y/data.pkl': pickle }],
    ['a file that only begins like a pickle', { 'x/data.pkl2': pickle }],
    ['two pickles', { 'x/data.pkl': pickle, 'y/data.pkl': pickle }],
  ])('is refused with %s', async (_case, files) => {
    expect(await opening(await zipOf(files))).toEqual(refused('pickle-invalid', own('no-data-pkl')));
  });

  it('is read if it says that it is little-endian, and refused if it says otherwise', async () => {
    const little = await zipOf({ 'x/data.pkl': pickle, 'x/byteorder': 'little', 'x/data/0': [] });
    expect((await openPytorch(little, 'w.bin')).tensors.size).toBe(1);
    const big = await zipOf({ 'x/data.pkl': pickle, 'x/byteorder': 'big' });
    expect(await opening(big)).toEqual(refused('pickle-unsupported', own('big-endian')));
  });

  it('is refused if its pickle has more than 16 MB', async () => {
    const large = await downloadZip([{ name: 'x/data.pkl', input: new Uint8Array(16 * 2 ** 20 + 1) }]).blob();
    expect(await opening(large)).toEqual(refused('pickle-unsupported', own('pickle-above', 16)));
    const allowed = await downloadZip([{ name: 'x/data.pkl', input: new Uint8Array(16 * 2 ** 20) }]).blob();
    expect(await opening(allowed)).toEqual(refused('pickle-unsupported', own('opcode', '0x00')));
  });

  it.each<[string, number[]]>([
    ['a list', [0x5d]],
    ['a dict without tensors', op.dict],
  ])('is refused if it holds %s', async (_case, content) => {
    const file = await zipOf({ 'x/data.pkl': [...op.begin, ...content, ...op.stop] });
    expect(await opening(file)).toEqual(refused('pickle-invalid', own('no-tensors')));
  });
});

describe('a file of torch 1.5 or older', () => {
  const magic = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
  const pickled = (...content: number[]): number[] => [...op.begin, ...content, ...op.stop];
  const endian = (value: number): number[] => pickled(...op.dict, ...op.string('little_endian'), value, 0x73);
  const keys = (...listed: number[][]): number[] => pickled(0x5d, ...listed.flatMap((key) => [...key, 0x61]));
  interface Parts {
    magic?: number[];
    protocol?: number[];
    machine?: number[];
    state?: number[];
    keys?: number[];
    elements?: bigint[];
  }
  function legacy(parts: Parts = {}): Blob {
    const counts = parts.elements ?? [6n];
    return new Blob([
      Uint8Array.from([
        ...pickled(...(parts.magic ?? magic)),
        ...pickled(...(parts.protocol ?? op.int(1001))),
        ...(parts.machine ?? endian(0x88)),
        ...(parts.state ?? statePickle({})),
        ...(parts.keys ?? keys(op.string('0'))),
      ]),
      ...counts.flatMap((count) => [BigInt64Array.of(count), values]),
    ]);
  }

  it('has its storages in the order of its list, each after its number of elements', async () => {
    const state = statePickle({ name: 'a', key: 'one' }, { name: 'b', key: 'two', offset: 4, shape: [2] });
    const blob = legacy({ state, keys: keys(op.string('two'), op.string('one')), elements: [6n, 6n] });
    const file = await openPytorch(blob, 'w.bin');
    expect([...(await file.read('a'))]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...(await file.read('b'))]).toEqual([4, 5]);
  });

  it.each<[string, Parts, string, Said]>([
    ['the magic number of another program', { magic: op.int(7) }, 'pickle-unsupported', own('other-pickle')],
    ['another protocol', { protocol: op.int(1000) }, 'pickle-unsupported', own('other-pickle')],
    ['a big-endian machine', { machine: endian(0x89) }, 'pickle-unsupported', own('big-endian')],
    ['a machine that does not say', { machine: pickled(...op.dict) }, 'pickle-unsupported', own('big-endian')],
    ['a machine that is a number', { machine: pickled(...op.int(1)) }, 'pickle-unsupported', own('big-endian')],
    ['no list of storages', { keys: pickled(...op.dict) }, 'pickle-invalid', own('no-storage-list')],
    ['a storage that no tensor uses', { keys: keys(op.string('9')) }, 'pickle-unsupported', own('storage-unused')],
    ['a storage key that is a number', { keys: keys(op.int(0)) }, 'pickle-unsupported', own('storage-unused')],
    [
      'a storage of an unknown type',
      { state: statePickle({ storage: 'OtherStorage' }) },
      'pickle-unsupported',
      'OtherStorage',
    ],
    ['a storage of another length', { elements: [5n] }, 'pickle-invalid', own('elements-in-storage', 5, 6)],
  ])('is refused with %s', async (_case, parts, fault, found) => {
    expect(await opening(legacy(parts))).toEqual(refused(fault, found));
  });

  it('is refused with the size it should have if it is cut off', async () => {
    const { size } = legacy();
    const cut = (bytes: number): Promise<unknown> => opening(legacy().slice(0, bytes));
    expect(await cut(size - 1)).toEqual({ ...refused('truncated', `${size - 1}`), expected: `${size}` });
    expect(await cut(size - 25)).toEqual({ ...refused('truncated', `${size - 25}`), expected: `${size - 24}` });
    expect(await opening(legacy())).toBe('the file was accepted');
  });
});
