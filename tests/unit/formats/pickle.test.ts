import { describe, expect, it } from 'vitest';
import { own, type Said } from '../../../src/domain/errorWords';
import { PickleReader } from '../../../workers/formats/pickle';
import type { PickledValue } from '../../../workers/formats/pickledValues';
import { op } from './torchFile';

const emptyList = 0x5d;
const append = 0x61;
const appends = 0x65;
const setItem = 0x73;
const none = 0x4e;
const byte = (value: number): number[] => [0x4b, value];
const orderedDict = op.global('collections', 'OrderedDict');

const reader = (...opcodes: (number | number[])[]): PickleReader =>
  new PickleReader('w.bin', Uint8Array.from(opcodes.flat()).buffer);
const read = (...opcodes: (number | number[])[]): PickledValue => reader(op.begin, ...opcodes, op.stop).next();
const tuple = (...items: PickledValue[]): PickledValue => ({ kind: 'tuple', items });
const list = (...items: PickledValue[]): PickledValue => ({ kind: 'list', items });
const dict = (...entries: [PickledValue, PickledValue][]): PickledValue => ({
  kind: 'dict',
  entries: new Map(entries),
});

/** Returns the details of the error that `work` throws. */
function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (thrown) {
    return (thrown as { details?: unknown }).details ?? thrown;
  }
  return 'the pickle was accepted';
}
const refusal = (...opcodes: (number | number[])[]): unknown => thrownBy(() => read(...opcodes));

describe('a pickle', () => {
  it.each<[string, (number | number[])[], PickledValue]>([
    ['None', [none], null],
    ['True', [0x88], true],
    ['False', [0x89], false],
    ['an integer of one byte', [byte(200)], 200],
    ['an integer of two bytes', [0x4d, 0x02, 0x01], 258],
    ['a negative integer of four bytes', [op.int(-2)], -2],
    ['a long without bytes', [0x8a, 0], 0],
    ['a positive long', [0x8a, 2, 0xff, 0x00], 255],
    ['a negative long', [0x8a, 2, 0x00, 0x80], -32_768],
    ['a long beyond the safe integers', [0x8a, 8, 0, 0, 0, 0, 0, 0, 0x40, 0], 2n ** 54n],
    ['a float', [0x47, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0], 1.5],
    ['a text', [op.string('权重')], '权重'],
    ['an empty tuple', [op.emptyTuple], tuple()],
    ['a tuple of one', [byte(1), 0x85], tuple(1)],
    ['a tuple of two', [byte(1), byte(2), 0x86], tuple(1, 2)],
    ['a tuple of three', [byte(1), byte(2), byte(3), 0x87], tuple(1, 2, 3)],
    ['a tuple since a mark', [byte(9), op.mark, byte(1), byte(2), op.tuple, 0x86], tuple(9, tuple(1, 2))],
    ['an empty list', [emptyList], list()],
    ['a list with values appended one by one', [emptyList, byte(1), append, byte(2), append], list(1, 2)],
    ['a list with values appended together', [emptyList, op.mark, byte(1), byte(2), appends], list(1, 2)],
    ['an empty dict', [op.dict], dict()],
    ['a dict with one item set', [op.dict, op.string('a'), byte(1), setItem], dict(['a', 1])],
    ['a dict with None as a value', [op.dict, op.string('a'), none, setItem], dict(['a', null])],
    [
      'a dict with several items set',
      [op.dict, op.mark, op.string('a'), byte(1), op.string('b'), byte(2), op.setItems],
      dict(['a', 1], ['b', 2]),
    ],
    ['an ordered dict', [orderedDict, op.emptyTuple, op.reduce], dict()],
    ['a dict whose attributes were set', [op.dict, byte(1), byte(2), setItem, op.dict, 0x62], dict([1, 2])],
  ])('holds %s', (_case, opcodes, value) => {
    expect(read(...opcodes)).toEqual(value);
  });

  it('recalls a value by the short and the long form of its memo index, without taking it off the stack', () => {
    const short = read(op.mark, op.string('a'), 0x71, 3, byte(1), 0x68, 3, op.tuple);
    expect(short).toEqual(tuple('a', 1, 'a'));
    const long = read(op.mark, op.string('a'), 0x72, 0, 1, 0, 0, byte(1), 0x6a, 0, 1, 0, 0, op.tuple);
    expect(long).toEqual(tuple('a', 1, 'a'));
  });

  it('of protocol 5 is read, and one of a later protocol is refused', () => {
    expect(reader(0x80, 5, none, op.stop).next()).toBeNull();
    const late = reader(0x80, 6, none, op.stop);
    expect(thrownBy(() => late.next())).toMatchObject({ found: own('protocol-unknown') });
  });

  it('that follows another one does not see its stack, marks or memo', () => {
    const both = reader(op.begin, byte(1), byte(7), 0x71, 0, op.stop, op.begin, byte(8), op.stop);
    expect([both.next(), both.position, both.next(), both.position]).toEqual([7, 9, 8, 14]);
    for (const [opcodes, found] of [
      [[0x68, 0], own('memo-empty', 0)],
      [[], own('stack-empty')],
      [[op.tuple], own('mark-missing')],
    ] as [(number | number[])[], Said][]) {
      const next = reader(op.begin, op.mark, byte(1), byte(7), 0x71, 0, op.stop, op.begin, ...opcodes, op.stop);
      next.next();
      expect(thrownBy(() => next.next())).toMatchObject({ found });
    }
  });

  it.each<[string, (number | number[])[], Said]>([
    ['has a dict key without a value', [op.dict, op.mark, op.string('a'), op.setItems], own('key-without-value')],
    ['sets an item of a list', [emptyList, byte(1), byte(2), setItem], own('kind-expected', 'dict')],
    ['appends to a dict', [op.dict, byte(1), append], own('kind-expected', 'list')],
    ['sets an item without a key', [byte(1), setItem], own('stack-empty')],
    ['builds a tuple of more values than there are', [byte(1), byte(2), 0x87], own('stack-empty')],
    ['appends values since a mark that is not there', [emptyList, appends], own('mark-missing')],
    ['sets the attributes of a number', [byte(1), op.dict, 0x62], own('kind-expected', 'dict')],
    ['sets attributes from a number', [op.dict, byte(1), 0x62], own('kind-expected', 'dict')],
    ['calls a number', [byte(1), op.emptyTuple, op.reduce], own('kind-expected', 'global')],
    ['calls with a number as its arguments', [orderedDict, byte(1), op.reduce], own('kind-expected', 'tuple')],
    ['makes a storage of a number', [byte(1), op.persistentId], own('kind-expected', 'tuple')],
    ['stores nothing in its memo', [0x71, 0], own('stack-empty')],
    ['ends inside an integer', [0x4a, 1, 2], own('pickle-ends')],
    ['ends inside a name', [0x63, 0x61], own('pickle-ends')],
  ])('is refused if it %s', (_case, opcodes, found) => {
    expect(refusal(...opcodes)).toEqual({ kind: 'model-invalid', file: 'w.bin', fault: 'pickle-invalid', found });
  });

  it.each<[string, (number | number[])[], Said]>([
    [
      'calls OrderedDict with arguments',
      [orderedDict, byte(1), 0x85, op.reduce],
      own('call-of', 'collections.OrderedDict'),
    ],
    [
      'makes a parameter of a number',
      [op.global('torch._utils', '_rebuild_parameter'), byte(1), 0x85, op.reduce],
      own('call-of', 'torch._utils._rebuild_parameter'),
    ],
    [
      'names a class inside torch that only ends like a storage',
      [op.global('torch.x', 'AStorage')],
      'torch.x.AStorage',
    ],
    ['names a class that only begins with a storage', [op.global('torch', 'AStorage.x')], 'torch.AStorage.x'],
    ['names a storage outside torch', [op.global('nottorch', 'FloatStorage')], 'nottorch.FloatStorage'],
    ['names a function of a text', [0x49, 0x31, 0x0a], own('opcode', 'INT (0x49)')],
    ['has an opcode below 0x10', [0x05], own('opcode', '0x05')],
  ])('is not executed: it is refused if it %s', (_case, opcodes, found) => {
    expect(refusal(...opcodes)).toEqual({ kind: 'model-invalid', file: 'w.bin', fault: 'pickle-unsupported', found });
  });

  it('may nest 100 containers, and no more', () => {
    const nested = (depth: number): number[] =>
      Array.from({ length: depth }, () => op.mark)
        .concat(Array.from({ length: depth }, () => op.tuple))
        .flat();
    expect(read(nested(100))).toMatchObject({ kind: 'tuple' });
    expect(refusal(nested(101))).toMatchObject({ found: own('nested-containers', 100) });
  });
});

describe('a pickle that builds too many values', () => {
  it.each([
    ['dicts', [op.dict], 0x7d],
    ['lists', [[emptyList]], emptyList],
    ['tuples, one in another', [op.emptyTuple], 0x85],
    ['copies of one value', [byte(1), [0x71, 0]], 0x68],
  ])('is refused at the millionth of its %s', (_case, first, opcode) => {
    const pair = opcode === 0x68 ? [opcode, 0] : [opcode];
    const many = new Array<number[]>(1_000_001).fill(pair).flat();
    expect(refusal(...first, many)).toMatchObject({
      fault: 'pickle-unsupported',
      found: own('values-in-pickle', 1_000_000),
    });
  });
});

describe('a storage in a pickle', () => {
  const id = (
    options: { tag?: number[]; type?: number[]; key?: number[]; elements?: number[]; more?: number[] } = {},
  ) => [
    ...op.mark,
    ...(options.tag ?? op.string('storage')),
    ...(options.type ?? op.global('torch', 'HalfStorage')),
    ...(options.key ?? op.string('k')),
    ...op.string('cpu'),
    ...(options.elements ?? op.int(6)),
    ...(options.more ?? []),
    ...op.tuple,
    ...op.persistentId,
  ];
  const storage = { kind: 'storage', dtype: 'F16', key: 'k', elements: 6 };

  it('is read with its type, key and number of elements, with or without the mark of older files', () => {
    expect(read(id())).toEqual(storage);
    expect(read(id({ more: [none] }))).toEqual(storage);
  });

  it.each<[string, string]>([
    ['FloatStorage', 'F32'],
    ['DoubleStorage', 'F64'],
    ['HalfStorage', 'F16'],
    ['BFloat16Storage', 'BF16'],
    ['LongStorage', 'I64'],
    ['IntStorage', 'I32'],
    ['ShortStorage', 'I16'],
    ['CharStorage', 'I8'],
    ['ByteStorage', 'U8'],
    ['BoolStorage', 'BOOL'],
    ['QInt8Storage', 'QInt8Storage'],
  ])('of torch’s %s has elements of type %s', (className, dtype) => {
    expect(read(id({ type: op.global('torch', className) }))).toMatchObject({ dtype });
  });

  it('is refused if it is a view of another one', () => {
    expect(refusal(id({ more: op.emptyTuple }))).toMatchObject({
      fault: 'pickle-unsupported',
      found: own('storage-view'),
    });
  });

  it.each([
    ['tag', { tag: op.string('module') }],
    ['class', { type: op.string('torch.HalfStorage') }],
    ['class of storages', { type: orderedDict }],
    ['key', { key: byte(1) }],
    ['number of elements', { elements: op.int(-1) }],
    ['whole number of elements', { elements: [0x47, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0] }],
  ])('is refused without a valid %s', (_case, options) => {
    expect(refusal(id(options))).toMatchObject({ fault: 'pickle-invalid', found: own('persistent-id-invalid') });
  });

  const tensor = (shape: number[], strides: number[], more: { first?: number[]; offset?: number[] } = {}): number[] => [
    ...op.global('torch._utils', '_rebuild_tensor_v2'),
    ...op.mark,
    ...(more.first ?? id()),
    ...(more.offset ?? op.int(1)),
    ...shape,
    ...strides,
    ...op.no,
    ...op.tuple,
    ...op.reduce,
  ];
  const two = [...op.int(2), ...op.int(3), 0x86];

  it('is read as a tensor with an offset, a shape and strides, also if the tensor is a parameter', () => {
    const expected = { kind: 'tensor', storage, offset: 1, shape: [2, 3], strides: [2, 3] };
    expect(read(tensor(two, two))).toEqual(expected);
    const parameter = [...op.global('torch._utils', '_rebuild_parameter'), ...tensor(two, two), 0x85, ...op.reduce];
    expect(read(parameter)).toEqual(expected);
  });

  it('is refused if its class is called like a function', () => {
    const call = [...op.global('torch', 'FloatStorage'), ...tensor(two, two), 0x85, ...op.reduce];
    expect(refusal(call)).toMatchObject({ fault: 'pickle-unsupported', found: own('call-of', 'torch.FloatStorage') });
  });

  it.each([
    ['its storage is a text', tensor(two, two, { first: op.string('k') })],
    ['its offset is negative', tensor(two, two, { offset: op.int(-1) })],
    ['its shape is a number', tensor(op.int(2), op.emptyTuple)],
    ['its strides are a number', tensor(op.emptyTuple, op.int(2))],
    ['its shape and strides are numbers', tensor(op.int(2), op.int(2))],
    ['its shape holds a negative size', tensor([...op.int(2), ...op.int(-3), 0x86], two)],
    ['its strides hold a text', tensor(two, [...op.int(2), ...op.string('1'), 0x86])],
    ['it has fewer strides than sizes', tensor(two, [...op.int(2), 0x85])],
  ])('is refused as part of a tensor if %s', (_case, opcodes) => {
    expect(refusal(opcodes)).toMatchObject({ fault: 'pickle-invalid', found: own('stored-tensor-invalid') });
  });
});
