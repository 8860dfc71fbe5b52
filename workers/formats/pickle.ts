import { own, type Said } from '../../src/domain/errorWords';
import { PickleBytes } from './pickleBytes';
import {
  isPickledKind,
  isPickledSize,
  pickledSizes,
  pickledStorageTypes,
  type PickledKind,
  type PickledTensor,
  type PickledValue,
} from './pickledValues';
import { modelError } from './modelError';

/** Limit on open marks, and thereby on nested containers. A state dict needs three levels. */
const maxMarks = 100;

/** The only functions and classes that a pickle may name. None of them is called; PickleReader does their work. */
const globals = new Set([
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_parameter',
  'collections.OrderedDict',
]);
const storageGlobal = /^torch\.([A-Za-z0-9]+Storage)$/;

/** Opcodes that a state dict of tensors does not need, with their names for error messages. */
const refusedNames: Record<number, string> = {
  0x46: 'FLOAT',
  0x49: 'INT',
  0x4c: 'LONG',
  0x50: 'PERSID',
  0x53: 'STRING',
  0x69: 'INST',
  0x6f: 'OBJ',
  0x81: 'NEWOBJ',
  0x82: 'EXT1',
  0x83: 'EXT2',
  0x84: 'EXT4',
  0x8c: 'SHORT_BINUNICODE',
  0x92: 'NEWOBJ_EX',
  0x93: 'STACK_GLOBAL',
  0x94: 'MEMOIZE',
  0x95: 'FRAME',
};

/**
 * Reads the pickles that torch.save writes for a state dict. This is not an unpickler: it executes nothing, knows only
 * the opcodes and names that such a file needs, and refuses all others with `pickle-unsupported`. The length of a
 * pickle limits the number of values that it can build.
 */
export class PickleReader {
  readonly #bytes: PickleBytes;
  #stack: PickledValue[] = [];
  #marks: PickledValue[][] = [];
  #memo = new Map<number, PickledValue>();

  constructor(
    private readonly file: string,
    bytes: ArrayBuffer,
  ) {
    this.#bytes = new PickleBytes(bytes);
  }

  /** Offset of the first byte after the pickle that was read last. */
  get position(): number {
    return this.#bytes.position;
  }

  /** Reads the next pickle. A file may contain several in a row, each with its own memo. */
  next(): PickledValue {
    this.#stack = [];
    this.#marks = [];
    this.#memo = new Map();
    try {
      for (;;) {
        const opcode = this.#bytes.uint8();
        if (opcode === 0x2e) return this.#pop(); // STOP
        this.#run(opcode);
      }
    } catch (thrown) {
      if (thrown instanceof RangeError) throw this.#invalid(own('pickle-ends'));
      throw thrown;
    }
  }

  #invalid(found: Said): Error {
    return modelError(this.file, 'pickle-invalid', { found });
  }

  #refused(found: Said): Error {
    return modelError(this.file, 'pickle-unsupported', { found });
  }

  #push(value: PickledValue): void {
    this.#stack.push(value);
  }

  #pop(): PickledValue {
    const value = this.#stack.pop();
    if (value === undefined) throw this.#invalid(own('stack-empty'));
    return value;
  }

  #popKind<K extends PickledKind>(kind: K): Extract<PickledValue, { kind: K }> {
    const value = this.#pop();
    if (isPickledKind(value, kind)) return value;
    throw this.#invalid(own('kind-expected', kind));
  }

  /** Removes the last mark and the values above it. Returns the values. */
  #popMark(): PickledValue[] {
    const before = this.#marks.pop();
    if (!before) throw this.#invalid(own('mark-missing'));
    const items = this.#stack;
    this.#stack = before;
    return items;
  }

  #popTuple(count: number): void {
    if (this.#stack.length < count) throw this.#invalid(own('stack-empty'));
    this.#push({ kind: 'tuple', items: this.#stack.splice(this.#stack.length - count) });
  }

  #run(opcode: number): void {
    if (!this.#runScalar(opcode) && !this.#runContainer(opcode) && !this.#runObject(opcode)) {
      const code = `0x${opcode.toString(16).padStart(2, '0')}`;
      const name = refusedNames[opcode];
      throw this.#refused(own('opcode', name === undefined ? code : `${name} (${code})`));
    }
  }

  #runScalar(opcode: number): boolean {
    switch (opcode) {
      case 0x80: // PROTO
        if (this.#bytes.uint8() > 5) throw this.#invalid(own('protocol-unknown'));
        return true;
      case 0x4e: // NONE
        this.#push(null);
        return true;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        this.#push(opcode === 0x88);
        return true;
      case 0x4b: // BININT1
        this.#push(this.#bytes.uint8());
        return true;
      case 0x4d: // BININT2
        this.#push(this.#bytes.uint8() + 256 * this.#bytes.uint8());
        return true;
      case 0x4a: // BININT
        this.#push(this.#bytes.uint32() | 0);
        return true;
      case 0x8a: // LONG1
        this.#push(this.#bytes.long());
        return true;
      case 0x47: // BINFLOAT
        this.#push(this.#bytes.float64());
        return true;
      case 0x58: // BINUNICODE
        this.#push(this.#bytes.text(this.#bytes.uint32()));
        return true;
      default:
        return false;
    }
  }

  #runContainer(opcode: number): boolean {
    switch (opcode) {
      case 0x28: // MARK
        if (this.#marks.length === maxMarks) throw this.#refused(own('nested-containers', maxMarks));
        this.#marks.push(this.#stack);
        this.#stack = [];
        return true;
      case 0x29: // EMPTY_TUPLE
        this.#popTuple(0);
        return true;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        this.#popTuple(opcode - 0x84);
        return true;
      case 0x74: // TUPLE
        this.#push({ kind: 'tuple', items: this.#popMark() });
        return true;
      case 0x5d: // EMPTY_LIST
        this.#push({ kind: 'list', items: [] });
        return true;
      case 0x61: // APPEND
        this.#append([this.#pop()]);
        return true;
      case 0x65: // APPENDS
        this.#append(this.#popMark());
        return true;
      case 0x7d: // EMPTY_DICT
        this.#push({ kind: 'dict', entries: new Map() });
        return true;
      case 0x73: // SETITEM
        this.#popTuple(2);
        this.#setItems(this.#popKind('tuple').items);
        return true;
      case 0x75: // SETITEMS
        this.#setItems(this.#popMark());
        return true;
      default:
        return false;
    }
  }

  #append(items: PickledValue[]): void {
    const list = this.#popKind('list');
    for (const item of items) list.items.push(item);
    this.#push(list);
  }

  #setItems(items: PickledValue[]): void {
    const dict = this.#popKind('dict');
    if (items.length % 2 !== 0) throw this.#invalid(own('key-without-value'));
    for (let i = 0; i < items.length; i += 2) dict.entries.set(items[i] ?? null, items[i + 1] ?? null);
    this.#push(dict);
  }

  #runObject(opcode: number): boolean {
    switch (opcode) {
      case 0x71: // BINPUT
        this.#put(this.#bytes.uint8());
        return true;
      case 0x72: // LONG_BINPUT
        this.#put(this.#bytes.uint32());
        return true;
      case 0x68: // BINGET
        this.#get(this.#bytes.uint8());
        return true;
      case 0x6a: // LONG_BINGET
        this.#get(this.#bytes.uint32());
        return true;
      case 0x63: // GLOBAL
        this.#global(`${this.#bytes.line()}.${this.#bytes.line()}`);
        return true;
      case 0x52: // REDUCE
        this.#reduce();
        return true;
      case 0x51: // BINPERSID
        this.#storage();
        return true;
      case 0x62: // BUILD: torch attaches the modules' versions to the state dict. The tensors do not need them.
        this.#popKind('dict');
        this.#push(this.#popKind('dict'));
        return true;
      default:
        return false;
    }
  }

  #put(index: number): void {
    const top = this.#pop();
    this.#memo.set(index, top);
    this.#push(top);
  }

  #get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#invalid(own('memo-empty', index));
    this.#push(value);
  }

  #global(name: string): void {
    if (!globals.has(name) && !storageGlobal.test(name)) throw this.#refused(name);
    this.#push({ kind: 'global', name });
  }

  #reduce(): void {
    const { items } = this.#popKind('tuple');
    const { name } = this.#popKind('global');
    if (name === 'collections.OrderedDict' && items.length === 0) this.#push({ kind: 'dict', entries: new Map() });
    else if (name === 'torch._utils._rebuild_tensor_v2') this.#push(this.#tensor(items));
    else if (name === 'torch._utils._rebuild_parameter' && isPickledKind(items[0], 'tensor')) this.#push(items[0]);
    else throw this.#refused(own('call-of', name));
  }

  /**
   * Builds a tensor from the arguments of _rebuild_tensor_v2: storage, offset, shape, strides, requires_grad,
   * backward_hooks and, in newer files, metadata.
   */
  #tensor([storage, offset, shapeTuple, strideTuple]: PickledValue[]): PickledTensor {
    const shape = pickledSizes(shapeTuple);
    const strides = pickledSizes(strideTuple);
    if (
      !isPickledKind(storage, 'storage') ||
      !isPickledSize(offset) ||
      shape?.length !== strides?.length ||
      !shape ||
      !strides
    )
      throw this.#invalid(own('stored-tensor-invalid'));
    return { kind: 'tensor', storage, offset, shape, strides };
  }

  /**
   * Replaces a persistent id on the stack with its storage. The id is ('storage', class, key, device, elements). Before
   * torch 1.6 it had a sixth item, which is None unless the storage is a view of another one.
   */
  #storage(): void {
    const [tag, type, key, , elements, viewOf = null] = this.#popKind('tuple').items;
    const className = isPickledKind(type, 'global') ? storageGlobal.exec(type.name)?.[1] : undefined;
    if (tag !== 'storage' || className === undefined || typeof key !== 'string' || !isPickledSize(elements))
      throw this.#invalid(own('persistent-id-invalid'));
    if (viewOf !== null) throw this.#refused(own('storage-view'));
    this.#push({ kind: 'storage', dtype: pickledStorageTypes[className] ?? className, key, elements });
  }
}
