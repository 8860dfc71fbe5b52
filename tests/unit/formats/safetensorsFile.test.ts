import { describe, expect, it } from 'vitest';
import { own, type Said } from '../../../src/domain/errorWords';
import type { FileDType } from '../../../src/domain/modelTensors';
import { openSafetensors, readSafetensorsHeader, writeSafetensors } from '../../../workers/formats/safetensors';

function fileOf(header: string | object, dataBytes: number | Uint8Array<ArrayBuffer> = 0, padding = ''): Blob {
  const text = new TextEncoder().encode((typeof header === 'string' ? header : JSON.stringify(header)) + padding);
  const data = typeof dataBytes === 'number' ? new Uint8Array(dataBytes) : dataBytes;
  return new Blob([BigUint64Array.of(BigInt(text.length)), text, data]);
}

async function refusal(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'the file was accepted',
    (error: unknown) => (error as { details?: unknown }).details ?? error,
  );
}
const opening = (blob: Blob): Promise<unknown> => refusal(openSafetensors(blob, 'm.safetensors'));
const refused = (fault: string, more: object = {}): object => ({
  kind: 'model-invalid',
  file: 'm.safetensors',
  fault,
  ...more,
});
const entry = (more: object): object => ({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4], ...more } });

describe('the header of a safetensors file', () => {
  it.each<[string, Blob, object]>([
    ['is not JSON', fileOf('{"a"'), { found: own('not-json') }],
    ['is a list', fileOf('[]'), { found: own('not-an-object') }],
    ['is null', fileOf('null'), { found: own('not-an-object') }],
    ['is a number', fileOf('7'), { found: own('not-an-object') }],
    ['describes a tensor by a number', fileOf({ a: 7 }), { tensor: 'a', found: own('no-value') }],
    ['describes a tensor by null', fileOf({ a: null }), { tensor: 'a', found: own('no-value') }],
    ['describes a tensor by a list', fileOf({ a: [] }), { tensor: 'a', found: own('no-value') }],
    ['has a type that is a number', fileOf(entry({ dtype: 4 }), 4), { tensor: 'a', found: '4' }],
    ['has no offsets', fileOf(entry({ data_offsets: undefined }), 4), { tensor: 'a', found: own('no-value') }],
    ['has offsets that are a text', fileOf(entry({ data_offsets: '04' }), 4), { tensor: 'a', found: '"04"' }],
    ['has three offsets', fileOf(entry({ data_offsets: [0, 4, 4] }), 4), { tensor: 'a', found: '[0,4,4]' }],
    ['has one offset', fileOf(entry({ data_offsets: [4] }), 4), { tensor: 'a', found: '[4]' }],
    ['has a negative offset', fileOf(entry({ data_offsets: [-4, 0] }), 4), { tensor: 'a', found: '[-4,0]' }],
    ['has a fraction as an offset', fileOf(entry({ data_offsets: [0.5, 4] }), 4), { tensor: 'a', found: '[0.5,4]' }],
  ])('is refused if it %s', async (_case, blob, details) => {
    expect(await opening(blob)).toEqual(refused('header-invalid', details));
  });

  it.each<[string, object, Said | undefined]>([
    ['no list', { shape: 1 }, '1'],
    ['missing', { shape: undefined }, own('no-value')],
    ['a list with a text', { shape: ['1'] }, '["1"]'],
    ['a list with a fraction', { shape: [0.5] }, '[0.5]'],
    ['a list with a size beyond the safe integers', { shape: [2 ** 53] }, '[9007199254740992]'],
  ])('is refused if a shape is %s', async (_case, more, found) => {
    expect(await opening(fileOf(entry(more), 4))).toEqual(refused('tensor-shape', { tensor: 'a', found }));
  });

  it('is refused with both sizes if a tensor’s bytes do not match its shape', async () => {
    const details = { tensor: 'a', expected: own('bytes', 8), found: own('bytes', 4) };
    expect(await opening(fileOf(entry({ shape: [2] }), 4))).toEqual(refused('tensor-shape', details));
  });

  it('is refused if a tensor ends before it begins, even if its type is unknown', async () => {
    for (const dtype of ['F32', 'F8'])
      expect(await opening(fileOf(entry({ dtype, shape: [0], data_offsets: [4, 0] }), 4))).toMatchObject({
        fault: 'tensor-shape',
        found: own('bytes', -4),
      });
  });

  it('is refused with both offsets if there is a gap before a tensor', async () => {
    const gap = { ...entry({}), b: { dtype: 'F32', shape: [1], data_offsets: [8, 12] } };
    const details = { tensor: 'b', expected: own('offset', 4), found: own('offset', 8) };
    expect(await opening(fileOf(gap, 12))).toEqual(refused('header-invalid', details));
  });

  it('is refused with both sizes if bytes follow the last tensor, or some of its bytes are missing', async () => {
    const whole = fileOf(entry({}), 4);
    expect(await opening(whole)).toBe('the file was accepted');
    expect(await opening(new Blob([whole, 'x']))).toEqual(
      refused('header-invalid', { expected: own('bytes', whole.size), found: own('bytes', whole.size + 1) }),
    );
    expect(await opening(whole.slice(0, -1))).toEqual(
      refused('truncated', { expected: `${whole.size}`, found: `${whole.size - 1}` }),
    );
  });

  it('is refused with the sizes that it claims if it is cut off or too long', async () => {
    expect(await opening(new Blob([]))).toEqual(refused('empty'));
    expect(await opening(new Blob([new Uint8Array(7)]))).toEqual(refused('truncated', { expected: '8', found: '7' }));
    const claim = (bytes: number): Blob => new Blob([BigUint64Array.of(BigInt(bytes)), '{}']);
    expect(await opening(claim(3))).toEqual(refused('truncated', { expected: '11', found: '10' }));
    expect(await opening(claim(2))).toBe('the file was accepted');
    expect(await opening(claim(100_000_000))).toMatchObject({ fault: 'truncated' });
    expect(await opening(claim(100_000_001))).toEqual(
      refused('header-invalid', { expected: own('at-most-bytes', 100_000_000), found: own('bytes', '100000001') }),
    );
  });

  it.each<[string, string, string]>([
    ['a tensor', '{"a":1,"b":2,"a":3}', 'a'],
    ['a tensor with a space before its colon', '{"a":1,"a" :3}', 'a'],
    ['a field of a tensor', '{"a":{"shape":[1],"shape":[2]}}', 'shape'],
    ['a name with a quote', '{"a\\"b":1,"a\\"b":2}', 'a\\"b'],
    ['a name after one that ends with a backslash', '{"a\\\\":1,"b":1,"b":2}', 'b'],
  ])('is refused with the name if it names %s twice', async (_case, header, name) => {
    expect(await opening(fileOf(header))).toEqual(
      refused('header-invalid', { tensor: name, found: own('duplicate-name') }),
    );
  });

  it('may have one name in several objects, and a value equal to a name', async () => {
    const tensor = (begin: number): object => ({ dtype: 'F32', shape: [1], data_offsets: [begin, begin + 4] });
    const header = { __metadata__: { dtype: 'F32', note: '{"dtype":', a: 'a' }, dtype: tensor(0), shape: tensor(4) };
    expect([...(await openSafetensors(fileOf(header, 8), 'm')).tensors.keys()]).toEqual(['dtype', 'shape']);
  });

  it('keeps its metadata as texts, and ignores metadata that is not an object', async () => {
    const metadata = async (value: unknown): Promise<unknown> =>
      (await readSafetensorsHeader(fileOf({ __metadata__: value }), 'm')).metadata;
    expect(await metadata({ format: 'pt', steps: 3, list: [1] })).toEqual({ format: 'pt', steps: '3', list: '[1]' });
    expect([await metadata(['pt']), await metadata('pt'), await metadata(undefined)]).toEqual([{}, {}, {}]);
  });

  it('may list tensors out of order, and empty ones at the offset of others', async () => {
    const tensor = (begin: number, size: number): object => ({
      dtype: 'F32',
      shape: [size],
      data_offsets: [begin, begin + 4 * size],
    });
    const header = { b: tensor(4, 1), a: tensor(0, 1), none: tensor(4, 0), end: tensor(8, 0) };
    const file = await openSafetensors(fileOf(header, new Uint8Array(Float32Array.of(1, 2).buffer)), 'm');
    expect([...(await file.read('a')), ...(await file.read('b'))]).toEqual([1, 2]);
    expect((await file.read('none')).length).toBe(0);
  });
});

describe('a tensor of a safetensors file', () => {
  it('is read as numbers and as the bytes of its own type', async () => {
    const header = { h: { dtype: 'F16', shape: [2], data_offsets: [0, 4] }, __metadata__: {} };
    const bytes = new Uint8Array(Uint16Array.of(0x3c00, 0xc000).buffer);
    const file = await openSafetensors(fileOf(header, bytes, '   '), 'm');
    expect([file.file, file.fileOf('h'), file.tensors.get('h')]).toMatchObject([
      'm',
      'm',
      { dtype: 'F16', shape: [2] },
    ]);
    expect([...(await file.read('h'))]).toEqual([1, -2]);
    expect(await file.readBytes('h')).toEqual(bytes);
  });

  it('is refused with its name if the file does not have it', async () => {
    const file = await openSafetensors(fileOf({}), 'm.safetensors');
    const missing = refused('tensor-missing', { tensor: 'x' });
    expect([await refusal(file.read('x')), await refusal(file.readBytes('x'))]).toEqual([missing, missing]);
  });

  it('of integers is refused as weights, with the types that can be read', async () => {
    const file = await openSafetensors(fileOf(entry({ dtype: 'I32' }), 4), 'm.safetensors');
    expect(await refusal(file.read('a'))).toEqual(
      refused('tensor-dtype', { tensor: 'a', expected: 'F32, F16, BF16', found: 'I32' }),
    );
  });
});

describe('a written safetensors file', () => {
  async function written(
    tensors: [
      name: string,
      dtype: FileDType | undefined,
      values: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>,
    ][],
    metadata?: Record<string, string>,
  ): Promise<Blob> {
    const entries = tensors.map(([name, dtype, { length }]) => ({ name, shape: [length], ...(dtype && { dtype }) }));
    const values = new Map(tensors.map(([name, , value]) => [name, value]));
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    const read = (name: string) => Promise.resolve(values.get(name) ?? new Uint8Array());
    for await (const piece of writeSafetensors(entries, read, metadata)) pieces.push(piece);
    return new Blob(pieces);
  }

  it('puts wider types first, so that every tensor is aligned to its type', async () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const file = await openSafetensors(
      await written([
        ['flags', 'BOOL', bytes],
        ['w', undefined, Float32Array.of(1.5)],
        ['more', 'U8', bytes],
      ]),
      'm',
    );
    expect([...file.tensors.keys()]).toEqual(['w', 'flags', 'more']);
    expect([...(await file.read('w'))]).toEqual([1.5]);
    expect(await file.readBytes('flags')).toEqual(bytes);
    expect(file.tensors.get('flags')?.dtype).toBe('BOOL');
  });

  it('pads its header to 8 bytes with spaces, as the safetensors library does', async () => {
    for (const name of ['a', 'ab', 'abc', 'abcd', 'abcde', 'abcdef', 'abcdefg', 'abcdefgh']) {
      const blob = await written([[name, undefined, Float32Array.of(1)]]);
      const headerBytes = Number(new BigUint64Array(await blob.slice(0, 8).arrayBuffer())[0]);
      expect([headerBytes % 8, blob.size]).toEqual([0, 8 + headerBytes + 4]);
      expect(await blob.slice(8, 8 + headerBytes).text()).toMatch(/^\{.*\} {0,7}$/);
    }
  });

  it('says that it is for PyTorch, as transformers requires, unless other metadata is given', async () => {
    const metadata = async (blob: Blob): Promise<unknown> => (await readSafetensorsHeader(blob, 'm')).metadata;
    expect(await metadata(await written([]))).toEqual({ format: 'pt' });
    expect(await metadata(await written([], { a: 'b' }))).toEqual({ a: 'b' });
  });

  it('holds only the view of a larger buffer that was read', async () => {
    const view = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
    const file = await openSafetensors(await written([['w', undefined, view]]), 'm');
    expect([...(await file.read('w'))]).toEqual([1, 2]);
  });
});
